/** The SQL of the voter-key register. Keys are never overwritten: an old one is superseded or revoked and stays readable. */
import type { SignatureAlgorithm, Voter } from '@conclave/consensus-core';
import type { RequestOf, consensus } from '@conclave/contracts';
import { lock, type Actor, type Statements, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { cursorOf } from '../page-cursor.js';

/** A registered key: of a voter's keys, the one with the highest generation. */
export interface VoterKey {
  readonly voterId: string;
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  readonly publicKey: string;
  readonly custody: Voter['custody'];
  /** Of passkeys. */
  readonly credentialId: string | null;
  readonly rpId: string | null;
  readonly origin: string | null;
  readonly generation: number;
  readonly enrolledBy: string;
  readonly enrolledAt: Date;
  readonly revokedAt: Date | null;
  /** The log may not have it. */
  readonly pending: boolean;
}
export type NewVoterKey = Omit<VoterKey, 'enrolledBy' | 'enrolledAt' | 'revokedAt' | 'pending'>;

/** Lock that openings of decisions hold alongside each other, so that no key ends while one freezes it. */
export const ELECTORATES = 'electorates';

const COLUMNS = `voter_id as "voterId", name, algorithm, public_key as "publicKey", custody, credential_id as "credentialId",
  rp_id as "rpId", origin, generation, enrolled_by as "enrolledBy", enrolled_at as "enrolledAt", revoked_at as "revokedAt", pending_event_id is not null as pending`;

@Injectable()
export class PostgresVoterKeys {
  /** Registers a key; undefined when the voter or the key is registered already. */
  insert(tx: Tx, ctx: Actor, key: NewVoterKey): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `insert into voter_key (tenant_id, voter_id, name, algorithm, public_key, custody, enrolled_by,
         credential_id, rp_id, origin, generation)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing returning ${COLUMNS}`,
      [
        ...[ctx.tenantId, key.voterId, key.name, key.algorithm, key.publicKey, key.custody, ctx.actor],
        ...[key.credentialId, key.rpId, key.origin, key.generation],
      ],
    );
  }

  /** The key counts once the log has this event. */
  async awaitLog(tx: Tx, ctx: Actor, publicKey: string, eventId: string): Promise<void> {
    await tx.query('update voter_key set pending_event_id = $3 where tenant_id = $1 and public_key = $2', [
      ctx.tenantId,
      publicKey,
      eventId,
    ]);
  }

  async settle(tx: Tx, ctx: Actor, eventId: string): Promise<void> {
    await tx.query('update voter_key set pending_event_id = null where tenant_id = $1 and pending_event_id = $2', [
      ctx.tenantId,
      eventId,
    ]);
  }

  /** The event that the key waits for; undefined once the log has it. */
  async awaited(db: Statements, ctx: Actor, publicKey: string): Promise<string | undefined> {
    const row = await db.one<{ eventId: string }>(
      `select pending_event_id as "eventId" from voter_key
       where tenant_id = $1 and public_key = $2 and pending_event_id is not null`,
      [ctx.tenantId, publicKey],
    );
    return row?.eventId;
  }

  /** The present key that waits for this event, locked. */
  awaiting(tx: Tx, ctx: Actor, eventId: string): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `select ${COLUMNS} from voter_key
       where tenant_id = $1 and pending_event_id = $2 and superseded_at is null and revoked_at is null for update`,
      [ctx.tenantId, eventId],
    );
  }

  /** The key whose place this one took. */
  before(tx: Tx, ctx: Actor, { voterId, generation }: VoterKey): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `select ${COLUMNS} from voter_key where tenant_id = $1 and voter_id = $2 and generation = $3`,
      [ctx.tenantId, voterId, generation - 1],
    );
  }

  /** The voter's present key, revoked or not. */
  find(tx: Tx, ctx: Actor, voterId: string): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `select ${COLUMNS} from voter_key where tenant_id = $1 and voter_id = $2 and superseded_at is null for update`,
      [ctx.tenantId, voterId],
    );
  }

  /** Keys that may vote, or may once the log has them, by voter. */
  async valid(db: Statements, ctx: Actor, voterIds: readonly string[]): Promise<ReadonlyMap<string, VoterKey>> {
    const keys = await db.query<VoterKey>(
      `select ${COLUMNS} from voter_key
       where tenant_id = $1 and voter_id = any($2) and superseded_at is null and revoked_at is null`,
      [ctx.tenantId, voterIds],
    );
    return new Map(keys.map((key) => [key.voterId, key]));
  }

  /** Voters with their present keys, newest first. */
  list(
    tx: Tx,
    ctx: Actor,
    { limit, after, enrolledBy }: RequestOf<typeof consensus.listVoterKeys>,
  ): Promise<VoterKey[]> {
    return tx.query<VoterKey>(
      `select ${COLUMNS} from voter_key
       where tenant_id = $1 and superseded_at is null and ($2::text is null or voter_id < $2)
         and ($4::text is null or enrolled_by = $4)
       order by voter_id desc limit $3`,
      [ctx.tenantId, cursorOf('voter', after), limit + 1, enrolledBy ?? null],
    );
  }

  async revoke(tx: Tx, ctx: Actor, voterId: string): Promise<VoterKey | undefined> {
    await lock(tx, ctx, ELECTORATES, 'alone');
    return tx.one<VoterKey>(
      `update voter_key set revoked_at = coalesce(revoked_at, clock_timestamp())
       where tenant_id = $1 and voter_id = $2 and superseded_at is null returning ${COLUMNS}`,
      [ctx.tenantId, voterId],
    );
  }

  /** Makes way for the voter's next key. */
  async supersede(tx: Tx, ctx: Actor, voterId: string): Promise<void> {
    await lock(tx, ctx, ELECTORATES, 'alone');
    await tx.query(
      `update voter_key set superseded_at = clock_timestamp()
       where tenant_id = $1 and voter_id = $2 and superseded_at is null`,
      [ctx.tenantId, voterId],
    );
  }

  async keepChallenge(tx: Tx, ctx: Actor, challenge: string, expiresAt: Date): Promise<void> {
    await tx.query(
      `insert into voter_key_challenge (tenant_id, principal, challenge, expires_at) values ($1, $2, $3, $4)
       on conflict (tenant_id, principal) do update set challenge = excluded.challenge, expires_at = excluded.expires_at`,
      [ctx.tenantId, ctx.actor, challenge, expiresAt],
    );
  }

  /** The actor's challenge, which is over with that, unless the transaction comes to nothing. */
  async takeChallenge(tx: Tx, ctx: Actor): Promise<string | undefined> {
    const row = await tx.one<{ challenge: string; open: boolean }>(
      `delete from voter_key_challenge where tenant_id = $1 and principal = $2
       returning challenge, expires_at > clock_timestamp() as open`,
      [ctx.tenantId, ctx.actor],
    );
    return row?.open ? row.challenge : undefined;
  }
}
