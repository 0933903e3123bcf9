import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, Database, type PlacedEvent, type Statements, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';

type Changed = z.output<typeof events.secretCreated.data>;
type Destroyed = z.output<typeof events.dataKeyDestroyed.data>;

/** Where work is done, and for whom. */
export interface Place {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly actor: string;
}

/** Which secrets workspaces have: a projection of auth's events, so that nobody is asked for what is not there. */
@Injectable()
export class KnownSecrets {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** The versions of the workspace's secrets, by name. */
  async of(place: Place, db: Statements = this.db.autocommit(place)): Promise<ReadonlyMap<string, number>> {
    const rows = await db.query<{ name: string; version: number }>(
      'select name, version from workspace_secret where tenant_id = $1 and workspace_id = $2',
      [place.tenantId, place.workspaceId],
    );
    return new Map(rows.map(({ name, version }) => [name, version]));
  }

  @Consumes(events.secretCreated, events.secretRotated)
  async changed(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { workspace, name, version } = data as Changed;
    await tx.query(
      `insert into workspace_secret (tenant_id, workspace_id, name, version) values ($1, $2, $3, $4)
       on conflict (tenant_id, workspace_id, name) do update set version = excluded.version`,
      [tenantId, workspace, name, version],
    );
  }

  @Consumes(events.secretDeleted)
  async deleted(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { workspace, name } = data as Changed;
    await tx.query('delete from workspace_secret where tenant_id = $1 and workspace_id = $2 and name = $3', [
      ...[tenantId, workspace, name],
    ]);
  }

  /** They are still there, and whoever asks for one is told that it cannot be read. */
  @Consumes(events.dataKeyDestroyed)
  async unreadable(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    if ((data as Destroyed).purpose === 'secret')
      await tx.query('update workspace_secret set version = 0 where tenant_id = $1', [tenantId]);
  }
}
