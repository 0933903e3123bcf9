import { createHash } from 'node:crypto';
import { isSafeEd25519Key } from '@conclave/audit-core';
import { ConclaveError, consensus, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresVoterKeys, type VoterKey } from './postgres-voter-keys.js';

type Reply = ReplyOf<typeof consensus.enrolVoterKey>;

/**
 * The register of voter keys. Who enrols decides the custody: the runtime holds the keys of its agents (`platform`),
 * whoever comes through the edge holds their own (`external`), so nobody can pass a platform key off as an outside one.
 */
@Injectable()
export class VoterKeys {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
  ) {}

  /** @throws ConclaveError `consensus.voter-key.refused` | `consensus.voter-key.exists` */
  async enrol(ctx: RequestContext, request: RequestOf<typeof consensus.enrolVoterKey>): Promise<Reply> {
    if (!isCanonical(request.publicKey)) throw new ConclaveError('consensus.voter-key.refused');
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, consensus.enrolVoterKey, request, async () => keyOnWire(await this.register(tx, ctx, request))),
    );
  }

  /**
   * A revoked key opens no more decisions; those already open keep it. Only who enrolled a key may revoke it, or who
   * administers the members.
   *
   * @throws ConclaveError `consensus.voter-key.not-found` | `auth.forbidden`
   */
  async revoke(ctx: RequestContext, voterId: string): Promise<Reply> {
    return this.db.tx(ctx, async (tx) => {
      const key = await this.keys.find(tx, ctx, voterId);
      if (!key) throw new ConclaveError('consensus.voter-key.not-found', { voterId });
      if (key.enrolledBy !== ctx.actor && !ctx.scopes.has('workspace:manage'))
        throw new ConclaveError('auth.forbidden', { permission: 'workspace:manage' });
      const revoked = await this.keys.revoke(tx, ctx, voterId);
      if (!key.revokedAt) await tx.emit(events.voterKeyRevoked, { voter: voterId });
      return keyOnWire(revoked ?? key);
    });
  }

  private async register(
    tx: Tx,
    ctx: RequestContext,
    request: RequestOf<typeof consensus.enrolVoterKey>,
  ): Promise<VoterKey> {
    const { voterId = newId('voter'), name, algorithm, publicKey } = request;
    const custody = ctx.service === 'runtime' ? 'platform' : 'external';
    const enrolled = await this.keys.insert(tx, ctx, { voterId, name, algorithm, publicKey, custody });
    if (!enrolled) return this.repeatOf(tx, ctx, voterId, publicKey, custody);
    const publicKeySha256 = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
    await tx.emit(events.voterKeyEnrolled, { voter: voterId, publicKeySha256, custody });
    return enrolled;
  }

  private async repeatOf(
    tx: Tx,
    ctx: RequestContext,
    voterId: string,
    publicKey: string,
    custody: string,
  ): Promise<VoterKey> {
    const key = await this.keys.find(tx, ctx, voterId);
    if (key?.publicKey === publicKey && key.custody === custody && !key.revokedAt) return key;
    throw new ConclaveError('consensus.voter-key.exists', { voterId });
  }
}

/** One spelling of 32 safe bytes: a second spelling would be a second identity of one key. */
function isCanonical(publicKey: string): boolean {
  const raw = Buffer.from(publicKey, 'base64');
  return raw.toString('base64') === publicKey && isSafeEd25519Key(raw);
}

/** A key as everybody may see it. */
export function keyOnWire({ voterId, name, algorithm, publicKey, custody, enrolledAt, revokedAt }: VoterKey): Reply {
  return {
    ...{ voterId, name, algorithm, publicKey, custody },
    enrolledAt: enrolledAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
