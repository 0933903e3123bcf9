import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, events } from '@conclave/contracts';
import { Consumes, Database, type Actor, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { panelSha256, type PanelManifest } from '@conclave/checks';
import type { z } from 'zod';

type Installed = z.output<typeof events.packageInstalled.data>;
type Uninstalled = z.output<typeof events.packageUninstalled.data>;

/** The panels a tenant has installed: a projection of the marketplace's events, each manifest checked against its digest. */
@Injectable()
export class Panels {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws ConclaveError `runtime.panel.not-installed` */
  async get(ctx: Actor, name: string): Promise<{ manifest: PanelManifest; sha256: string }> {
    const row = await this.db
      .autocommit(ctx)
      .one<{ manifest: PanelManifest; sha256: string }>(
        'select manifest, sha256 from installed_panel where tenant_id = $1 and package = $2',
        [ctx.tenantId, name],
      );
    if (!row) throw new ConclaveError('runtime.panel.not-installed', { panel: name });
    return row;
  }

  @Consumes(events.packageInstalled)
  async installed(tx: Tx, event: PlacedEvent): Promise<void> {
    const data = event.data as Installed;
    const manifest = data.manifest as unknown as PanelManifest;
    if (panelSha256(manifest) !== data.sha256)
      throw new Error(`manifest of ${data.package} does not have the announced digest`);
    await tx.query(
      `insert into installed_panel (tenant_id, package, installation_id, version, sha256, manifest) values ($1, $2, $3, $4, $5, $6)
       on conflict (tenant_id, package) do update set installation_id = excluded.installation_id, version = excluded.version, sha256 = excluded.sha256, manifest = excluded.manifest`,
      [event.tenantId, data.package, data.installation, data.version, data.sha256, JSON.stringify(data.manifest)],
    );
  }

  @Consumes(events.packageUninstalled)
  async uninstalled(tx: Tx, event: PlacedEvent): Promise<void> {
    const data = event.data as Uninstalled;
    await tx.query('delete from installed_panel where tenant_id = $1 and package = $2 and installation_id = $3', [
      event.tenantId,
      data.package,
      data.installation,
    ]);
  }
}
