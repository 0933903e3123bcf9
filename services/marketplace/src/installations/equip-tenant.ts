import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { InstallPackage } from './install-package.js';

/** The panel that judges when nobody chose another. */
const DEFAULT_PANEL = 'conclave/review';

/** Gives a new tenant the built-in review panel. */
@Injectable()
export class EquipTenant {
  constructor(private readonly installPackage: InstallPackage) {}

  @Consumes(events.tenantCreated)
  async onTenantCreated(tx: Tx, { tenantId }: PlacedEvent): Promise<void> {
    await this.installPackage.install(tx, { tenantId }, { package: DEFAULT_PANEL });
  }
}
