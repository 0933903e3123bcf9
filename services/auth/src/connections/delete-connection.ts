import { ConclaveError, connections, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { distrust } from '../credentials/distrust.js';
import { refuseLastWayIn } from '../sign-in-policy/postgres-sign-in-policy.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { connectionView } from './connection-view.js';
import { lockConnection, removeConnection, type Connection } from './postgres-connections.js';
import { PublicPlaces } from './public-places.js';

type Request = RequestOf<typeof connections.deleteConnection>;

/**
 * Removes a connection with whom it vouched for; the people stay, and their sign-ins through it end. The runs that were
 * started so end if it is asked for: nobody can say so later.
 */
@Injectable()
export class DeleteConnection {
  constructor(
    private readonly db: Database,
    private readonly places: PublicPlaces,
  ) {}

  /** @throws ConclaveError `auth.connection.not-found` | `auth.connection.last` | `auth.forbidden` */
  run(ctx: RequestContext, request: Request): Promise<Connection> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, connections.deleteConnection, request, () => this.remove(tx, ctx, request)),
    );
  }

  private async remove(tx: Tx, ctx: RequestContext, { id, runs }: Request): Promise<Connection> {
    const { tenantId } = ctx;
    const row = await lockConnection(tx, tenantId, id, 'update');
    if (!row) throw new ConclaveError('auth.connection.not-found', { id });
    if (!row.disabled_at) await refuseLastWayIn(tx, tenantId, id);
    if (runs === 'cancel') await distrust(tx, ctx, id);
    await endSignIns(tx, tenantId, { connectionId: id }, new Date());
    await removeConnection(tx, tenantId, id);
    await tx.emit(events.connectionDeleted, { connection: id, kind: row.kind });
    return connectionView(row, this.places);
  }
}
