import { ConclaveError, events, marketplace, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { removeInstallation, type Installation } from './postgres-installations.js';

/** Removes an installation; runs under way keep what they started with. */
@Injectable()
export class UninstallPackage {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `marketplace.installation.not-found` */
  run(ctx: RequestContext, request: RequestOf<typeof marketplace.uninstallPackage>): Promise<Installation> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, marketplace.uninstallPackage, request, () => this.uninstall(tx, ctx, request.id)),
    );
  }

  private async uninstall(tx: Tx, { tenantId }: RequestContext, id: string): Promise<Installation> {
    const removed = await removeInstallation(tx, tenantId, id);
    if (!removed) throw new ConclaveError('marketplace.installation.not-found', { id });
    await tx.emit(events.packageUninstalled, { installation: id, package: removed.package });
    return removed;
  }
}
