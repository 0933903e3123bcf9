import { ConclaveError, connections, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { newConnectionKey } from './connection-key.js';
import { ConnectionSecrets } from './connection-secrets.js';
import { certificatesOf, connectionView } from './connection-view.js';
import { lockConnection, updateKeys, type Connection, type ConnectionRow } from './postgres-connections.js';
import { PublicPlaces } from './public-places.js';

type Request = RequestOf<typeof connections.rollConnectionKey>;
type Keys = Pick<ConnectionRow, 'secret_sealed' | 'certificate' | 'standby_sealed' | 'standby_certificate'>;

/** Changes the key of a connection, with a time between in which its provider knows both. */
@Injectable()
export class RollKey {
  constructor(
    private readonly db: Database,
    private readonly secrets: ConnectionSecrets,
    private readonly places: PublicPlaces,
  ) {}

  /** @throws ConclaveError `auth.connection.not-found` | `auth.connection.invalid` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: Request): Promise<Connection> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, connections.rollConnectionKey, request, () => this.roll(tx, ctx, request)),
    );
  }

  private async roll(tx: Tx, ctx: RequestContext, { id, step }: Request): Promise<Connection> {
    refuseLessThanOwner(ctx);
    const row = await lockConnection(tx, ctx.tenantId, id, 'update');
    if (!row) throw new ConclaveError('auth.connection.not-found', { id });
    const rolled = { ...row, ...(await this.keysAfter(row, step)) };
    await updateKeys(tx, rolled);
    const names = certificatesOf(rolled.certificate!, rolled.standby_certificate);
    await tx.emit(events.connectionKeyRolled, { connection: id, kind: row.kind, step, ...names });
    return connectionView(rolled, this.places);
  }

  private async keysAfter(row: ConnectionRow, step: Request['step']): Promise<Partial<Keys>> {
    if (row.certificate === null) throw invalid('the connection has no key');
    if (step === 'prepare') {
      if (row.standby_sealed !== null) throw invalid('there are two keys already');
      const { secret, certificate } = await newConnectionKey(this.places.origin);
      const sealed = this.secrets.seal(secret, row.tenant_id, row.id);
      return { standby_sealed: sealed, standby_certificate: certificate };
    }
    if (row.standby_sealed === null) throw invalid('there is no second key');
    if (step === 'drop') return { standby_sealed: null, standby_certificate: null };
    return {
      ...{ secret_sealed: row.standby_sealed, certificate: row.standby_certificate },
      ...{ standby_sealed: row.secret_sealed, standby_certificate: row.certificate },
    };
  }
}

const invalid = (reason: string) => new ConclaveError('auth.connection.invalid', { reason });
