import { ConclaveError, consensus, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { digestOf, LoggedKeys } from './logged-keys.js';
import { PossessionOfKeys, requireSafe, type HeldKey } from './possession-of-keys.js';
import { PostgresVoterKeys, type NewVoterKey, type VoterKey } from './postgres-voter-keys.js';

type Reply = ReplyOf<typeof consensus.enrolVoterKey>;

/**
 * The register of voter keys. Who enrols decides the custody: the runtime holds the keys of its agents (`platform`),
 * whoever comes through the edge holds their own (`external`, or `passkey`) and shows it, so nobody can pass a platform
 * key off as an outside one, or take a key that is somebody else's.
 */
@Injectable()
export class VoterKeys {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
    @Inject(PossessionOfKeys) private readonly possession: PossessionOfKeys,
    @Inject(LoggedKeys) private readonly logged: LoggedKeys,
  ) {}

  /**
   * @throws ConclaveError `consensus.voter-key.refused` | `consensus.voter-key.exists` | `consensus.voter-key.challenge` |
   * `consensus.voter-key.unproven` | `consensus.voter-key.pending`
   */
  async enrol(ctx: RequestContext, request: RequestOf<typeof consensus.enrolVoterKey>): Promise<Reply> {
    requireSafe(request);
    const key = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, consensus.enrolVoterKey, request, async () => keyOnWire(await this.register(tx, ctx, request))),
    );
    return this.logged.answer(ctx, key);
  }

  /** @throws ConclaveError as {@link enrol}, and `consensus.voter-key.no-passkeys` */
  async enrolPasskey(ctx: RequestContext, request: RequestOf<typeof consensus.enrolPasskey>): Promise<Reply> {
    const key = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, consensus.enrolPasskey, request, async () => {
        const held = await this.possession.ofPasskey(tx, ctx, request.registration);
        const voterId = newId('voter');
        const enrolled = await this.keys.insert(tx, ctx, rowOf(held, { voterId, name: request.name, generation: 1 }));
        if (!enrolled) throw new ConclaveError('consensus.voter-key.exists', { voterId });
        await this.logged.tell(tx, ctx, enrolled);
        return keyOnWire(enrolled);
      }),
    );
    return this.logged.answer(ctx, key);
  }

  /**
   * The voter's next key. A person's sign-in is what entitles them to it, so only they may, and no administrator.
   *
   * @throws ConclaveError as {@link enrolPasskey}, and `consensus.voter-key.not-found` | `auth.forbidden`
   */
  async rotate(ctx: RequestContext, request: RequestOf<typeof consensus.rotateVoterKey>): Promise<Reply> {
    const next = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, consensus.rotateVoterKey, request, async () => {
        const { voterId, key } = request;
        const old = await this.keys.find(tx, ctx, voterId);
        if (!old || old.revokedAt) throw new ConclaveError('consensus.voter-key.not-found', { voterId });
        if (old.enrolledBy !== ctx.actor || old.custody === 'platform')
          throw new ConclaveError('auth.forbidden', { voterId });
        const held = await this.newKeyIn(tx, ctx, key);
        await this.keys.supersede(tx, ctx, voterId);
        const voter = { voterId, name: old.name, generation: old.generation + 1 };
        const rotated = await this.keys.insert(tx, ctx, rowOf(held, voter));
        if (!rotated) throw new ConclaveError('consensus.voter-key.exists', { voterId });
        await this.logged.tell(tx, ctx, rotated, old);
        return keyOnWire(rotated);
      }),
    );
    return this.logged.answer(ctx, next);
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
      const told = { voter: voterId, publicKeySha256: digestOf(key), custody: key.custody };
      if (!key.revokedAt) await tx.emit(events.voterKeyRevoked, told);
      return keyOnWire(revoked ?? key);
    });
  }

  private async register(
    tx: Tx,
    ctx: RequestContext,
    request: RequestOf<typeof consensus.enrolVoterKey>,
  ): Promise<VoterKey> {
    const { voterId = newId('voter'), name, algorithm, publicKey, possession } = request;
    const custody = ctx.service === 'runtime' ? 'platform' : 'external';
    const key = { algorithm, publicKey, custody } as const;
    const enrolled = await this.keys.insert(tx, ctx, rowOf(key, { voterId, name, generation: 1 }));
    if (!enrolled) return this.repeatOf(tx, ctx, { voterId, publicKey, custody });
    if (custody === 'external') await this.possession.ofEd25519(tx, ctx, publicKey, possession);
    await this.logged.tell(tx, ctx, enrolled);
    return enrolled;
  }

  private async repeatOf(
    tx: Tx,
    ctx: RequestContext,
    { voterId, publicKey, custody }: Pick<VoterKey, 'voterId' | 'publicKey' | 'custody'>,
  ): Promise<VoterKey> {
    const key = await this.keys.find(tx, ctx, voterId);
    if (key?.publicKey === publicKey && key.custody === custody && !key.revokedAt) return key;
    throw new ConclaveError('consensus.voter-key.exists', { voterId });
  }

  private async newKeyIn(
    tx: Tx,
    ctx: RequestContext,
    key: RequestOf<typeof consensus.rotateVoterKey>['key'],
  ): Promise<HeldKey> {
    if ('registration' in key) return this.possession.ofPasskey(tx, ctx, key.registration);
    requireSafe(key);
    return this.possession.ofEd25519(tx, ctx, key.publicKey, key.possession);
  }
}

function rowOf(
  key: Pick<VoterKey, 'algorithm' | 'publicKey' | 'custody'> & Partial<Pick<HeldKey, 'relyingParty' | 'credentialId'>>,
  voter: Pick<VoterKey, 'voterId' | 'name' | 'generation'>,
): NewVoterKey {
  const { algorithm, publicKey, custody, credentialId = null, relyingParty } = key;
  const { rpId = null, origin = null } = relyingParty ?? {};
  return { ...voter, algorithm, publicKey, custody, credentialId, rpId, origin };
}

/** A key as everybody may see it. */
export function keyOnWire(key: VoterKey): Reply {
  const { voterId, name, algorithm, publicKey, custody, enrolledBy, enrolledAt, revokedAt } = key;
  const { credentialId, rpId, origin } = key;
  return {
    ...{ voterId, name, algorithm, publicKey, custody, enrolledBy },
    ...(credentialId !== null && rpId !== null && origin !== null && { passkey: { credentialId, rpId, origin } }),
    enrolledAt: enrolledAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
