import type { Actor, Statements } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresVoterKeys, type VoterKey } from '../voter-keys/postgres-voter-keys.js';
import { PostgresDecisions, type Roll } from './postgres-decisions.js';

interface Known {
  readonly keys: Map<string, VoterKey>;
  origin: string | undefined;
}

const TENANTS = 500;
const KEYS = 1_000;

/**
 * The rolls of tenants that opened decisions lately. A roll may be out of date: an opening is written only if what it
 * froze still holds, and who hears that it does not forgets the roll and reads it again.
 */
@Injectable()
export class ElectoralRoll {
  private readonly known = new Map<string, Known>();

  constructor(
    @Inject(PostgresVoterKeys) private readonly voterKeys: PostgresVoterKeys,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
  ) {}

  async read(db: Statements, ctx: Actor, voterIds: readonly string[]): Promise<Roll> {
    const known = this.known.get(ctx.tenantId);
    if (known && voterIds.every((id) => known.keys.has(id))) return known;
    const [keys, origin] = await Promise.all([
      this.voterKeys.valid(db, ctx, voterIds),
      this.decisions.originOf(db, ctx),
    ]);
    this.learn(ctx, { keys, origin });
    return { keys, origin };
  }

  forget({ tenantId }: Actor): void {
    this.known.delete(tenantId);
  }

  /** A key that the log does not have yet is none to be remembered: it waits for nobody. */
  private learn({ tenantId }: Actor, { keys, origin }: Roll): void {
    const known = this.known.get(tenantId) ?? { keys: new Map<string, VoterKey>(), origin };
    known.origin = origin;
    if (known.keys.size >= KEYS) known.keys.clear();
    for (const [voterId, key] of keys) if (!key.pending) known.keys.set(voterId, key);
    this.known.set(tenantId, known);
    const [oldest] = this.known.keys();
    if (this.known.size > TENANTS && oldest !== undefined) this.known.delete(oldest);
  }
}
