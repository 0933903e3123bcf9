import { ConclaveError, connections, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { DataKey } from '../data-keys/data-keys.js';
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
  async run(ctx: RequestContext, request: Request): Promise<Connection> {
    const key = request.step === 'prepare' ? await this.secrets.key(ctx, 'connection') : undefined;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, connections.rollConnectionKey, request, () => this.roll(tx, ctx, request, key)),
    );
  }

  private async roll(
    tx: Tx,
    ctx: RequestContext,
    { id, step }: Request,
    key: DataKey | undefined,
  ): Promise<Connection> {
    refuseLessThanOwner(ctx);
    const row = await lockConnection(tx, ctx.tenantId, id, 'update');
    if (!row) throw new ConclaveError('auth.connection.not-found', { id });
    const seal = (text: string) => this.secrets.seal(tx, ctx, key!, { kind: 'connection', id, text });
    const rolled = { ...row, ...(await this.keysAfter(row, step, seal)) };
    await updateKeys(tx, rolled);
    const names = certificatesOf(rolled.certificate!, rolled.standby_certificate);
    await tx.emit(events.connectionKeyRolled, { connection: id, kind: row.kind, step, ...names });
    return connectionView(rolled, this.places);
  }

  private async keysAfter(
    row: ConnectionRow,
    step: Request['step'],
    seal: (secret: string) => Promise<string>,
  ): Promise<Partial<Keys>> {
    if (row.certificate === null) throw invalid('the connection has no key');
    if (step === 'prepare') {
      if (row.standby_sealed !== null) throw invalid('there are two keys already');
      const { secret, certificate } = await newConnectionKey(this.places.origin);
      return { standby_sealed: await seal(secret), standby_certificate: certificate };
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
