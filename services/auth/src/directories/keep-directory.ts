import { ConclaveError, events, type ReplyOf, type RequestOf, type directories } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { ConnectionSecrets } from '../connections/connection-secrets.js';
import { lockConnection } from '../connections/postgres-connections.js';
import { PublicPlaces } from '../connections/public-places.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { hasWorkspace } from '../workspaces/postgres-workspaces.js';
import { askReading, directoryAt, putDirectoryAt, removeDirectory, type DirectoryRow } from './postgres-directories.js';

type View = ReplyOf<typeof directories.getDirectory>;

/** Where a connection's people are read from. Who says so makes members, so it takes an owner. */
@Injectable()
export class KeepDirectory {
  constructor(
    private readonly db: Database,
    private readonly secrets: ConnectionSecrets,
    private readonly places: PublicPlaces,
  ) {}

  /** @throws ConclaveError `auth.connection.not-found` | `auth.connection.invalid` | `auth.workspace.not-found` | `auth.role.too-wide` */
  async put(
    ctx: RequestContext,
    { id, workspace, settings: given, everyHours }: RequestOf<typeof directories.putDirectory>,
  ): Promise<View> {
    const key = await this.secrets.key(ctx, 'directory');
    return this.db.tx(ctx, async (tx) => {
      refuseLessThanOwner(ctx);
      const connection = await lockConnection(tx, ctx.tenantId, id, 'share');
      if (!connection) throw new ConclaveError('auth.connection.not-found', { id });
      if (connection.kind !== 'oidc') throw invalid('only the people of an OpenID Connect connection can be read');
      const { clientSecret, ...settings } = given;
      if (this.places.origin.startsWith('https:') && !settings.url.startsWith('https:'))
        throw invalid('url needs https');
      if (!(await hasWorkspace(tx, ctx.tenantId, workspace)))
        throw new ConclaveError('auth.workspace.not-found', { id: workspace });
      const place = { tenantId: ctx.tenantId, connectionId: id };
      const row = await putDirectoryAt(tx, place, {
        workspace_id: workspace,
        settings,
        secret_sealed: await this.secrets.seal(tx, ctx, key, { kind: 'directory', id, text: clientSecret }),
        every_hours: everyHours ?? null,
        next_at: everyHours === undefined ? null : new Date(),
      });
      await tx.emit(events.directoryKept, { connection: id, workspace, url: settings.url });
      return viewOf(row);
    });
  }

  /** @throws ConclaveError `auth.directory.not-found` */
  async get(ctx: RequestContext, { id }: RequestOf<typeof directories.getDirectory>): Promise<View> {
    const row = await directoryAt(this.db.autocommit(ctx), { tenantId: ctx.tenantId, connectionId: id });
    return viewOf(row ?? notFound(id));
  }

  /** @throws ConclaveError `auth.directory.not-found` | `auth.role.too-wide` */
  delete(
    ctx: RequestContext,
    { id }: RequestOf<typeof directories.deleteDirectory>,
  ): Promise<ReplyOf<typeof directories.deleteDirectory>> {
    return this.db.tx(ctx, async (tx) => {
      refuseLessThanOwner(ctx);
      if (!(await removeDirectory(tx, { tenantId: ctx.tenantId, connectionId: id }))) notFound(id);
      await tx.emit(events.directoryRemoved, { connection: id });
      return { connection: id };
    });
  }

  /** @throws ConclaveError `auth.directory.not-found` | `auth.role.too-wide` */
  ask(ctx: RequestContext, { id, ...asked }: RequestOf<typeof directories.readDirectory>): Promise<View> {
    return this.db.tx(ctx, async (tx) => {
      refuseLessThanOwner(ctx);
      return viewOf((await askReading(tx, { tenantId: ctx.tenantId, connectionId: id }, asked)) ?? notFound(id));
    });
  }
}

function notFound(id: string): never {
  throw new ConclaveError('auth.directory.not-found', { id });
}

const invalid = (reason: string) => new ConclaveError('auth.connection.invalid', { reason });

const viewOf = (row: DirectoryRow): View => ({
  connection: row.connection_id,
  workspace: row.workspace_id,
  settings: row.settings,
  ...(row.every_hours !== null && { everyHours: row.every_hours }),
  state: row.reading_since ? 'reading' : row.next_at && row.next_at <= new Date() ? 'waiting' : 'idle',
  ...(row.last && { last: row.last }),
  createdAt: row.created_at.toISOString(),
});
