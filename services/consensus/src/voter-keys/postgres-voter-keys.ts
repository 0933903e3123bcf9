/** The SQL of the voter-key register. Keys are never replaced: an old one is revoked and stays readable. */
import type { RequestOf, consensus } from '@conclave/contracts';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { cursorOf } from '../page-cursor.js';

/** A registered key. */
export interface VoterKey {
  readonly voterId: string;
  readonly name: string;
  readonly algorithm: 'ed25519';
  readonly publicKey: string;
  readonly custody: 'platform' | 'external';
  readonly enrolledBy: string;
  readonly enrolledAt: Date;
  readonly revokedAt: Date | null;
}

const COLUMNS = `voter_id as "voterId", name, algorithm, public_key as "publicKey", custody, enrolled_by as "enrolledBy",
  enrolled_at as "enrolledAt", revoked_at as "revokedAt"`;

@Injectable()
export class PostgresVoterKeys {
  /** Registers a key; undefined when the voter or the key is registered already. */
  insert(
    tx: Tx,
    ctx: Actor,
    key: Omit<VoterKey, 'enrolledBy' | 'enrolledAt' | 'revokedAt'>,
  ): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `insert into voter_key (tenant_id, voter_id, name, algorithm, public_key, custody, enrolled_by)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning ${COLUMNS}`,
      [ctx.tenantId, key.voterId, key.name, key.algorithm, key.publicKey, key.custody, ctx.actor],
    );
  }

  find(tx: Tx, ctx: Actor, voterId: string): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(`select ${COLUMNS} from voter_key where tenant_id = $1 and voter_id = $2`, [
      ctx.tenantId,
      voterId,
    ]);
  }

  /** Keys that may vote, by voter; share-locked, so that none is revoked while a decision freezes it. */
  async valid(tx: Tx, ctx: Actor, voterIds: readonly string[]): Promise<ReadonlyMap<string, VoterKey>> {
    const keys = await tx.query<VoterKey>(
      `select ${COLUMNS} from voter_key where tenant_id = $1 and voter_id = any($2) and revoked_at is null for share`,
      [ctx.tenantId, voterIds],
    );
    return new Map(keys.map((key) => [key.voterId, key]));
  }

  /** Newest first. */
  list(tx: Tx, ctx: Actor, { limit, after }: RequestOf<typeof consensus.listVoterKeys>): Promise<VoterKey[]> {
    return tx.query<VoterKey>(
      `select ${COLUMNS} from voter_key where tenant_id = $1 and ($2::text is null or voter_id < $2)
       order by voter_id desc limit $3`,
      [ctx.tenantId, cursorOf('voter', after), limit + 1],
    );
  }

  revoke(tx: Tx, ctx: Actor, voterId: string): Promise<VoterKey | undefined> {
    return tx.one<VoterKey>(
      `update voter_key set revoked_at = coalesce(revoked_at, clock_timestamp())
       where tenant_id = $1 and voter_id = $2 returning ${COLUMNS}`,
      [ctx.tenantId, voterId],
    );
  }
}
