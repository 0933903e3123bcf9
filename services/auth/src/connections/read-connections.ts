import { ConclaveError, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { connectionView } from './connection-view.js';
import { connectionOf, pageOfConnections, type Connection } from './postgres-connections.js';
import { PublicPlaces } from './public-places.js';

/** The tenant's connections, without their secrets. */
@Injectable()
export class ReadConnections {
  constructor(
    private readonly db: Database,
    private readonly places: PublicPlaces,
  ) {}

  async list(
    ctx: RequestContext,
    page: RequestOf<typeof connections.listConnections>,
  ): Promise<ReplyOf<typeof connections.listConnections>> {
    const { items, ...rest } = await pageOfConnections(this.db.autocommit(ctx), ctx.tenantId, page);
    return { ...rest, items: items.map((row) => connectionView(row, this.places)) };
  }

  /** @throws ConclaveError `auth.connection.not-found` */
  async one(ctx: RequestContext, { id }: RequestOf<typeof connections.getConnection>): Promise<Connection> {
    const row = await connectionOf(this.db.autocommit(ctx), ctx.tenantId, id);
    if (!row) throw new ConclaveError('auth.connection.not-found', { id });
    return connectionView(row, this.places);
  }
}
