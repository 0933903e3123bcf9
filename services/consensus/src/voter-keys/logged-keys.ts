/**
 * Enrolment is of grade `sealed`: a key counts once the log has it. Who is not told so must not rely on it, and it opens
 * no decision, so that no key ever voted of which the log might say nothing.
 */
import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresVoterKeys } from './postgres-voter-keys.js';

/** Another replica may be the one that hears of the checkpoint. */
const LOOK_MS = 200;
/** What the answer needs of the caller's time. */
const RESERVE_MS = 500;

@Injectable()
export class LoggedKeys {
  private readonly waiting = new Set<() => void>();

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
  ) {}

  /** The event's entry is in a published checkpoint. */
  async confirm(tx: Tx, ctx: Actor, eventId: string): Promise<void> {
    await this.keys.settle(tx, ctx, eventId);
    tx.afterCommit(() => this.waiting.forEach((look) => look()));
  }

  /** Answers with the key once the log has it. @throws ConclaveError `consensus.voter-key.pending` */
  async answer<K extends { voterId: string; publicKey: string }>(ctx: RequestContext, key: K): Promise<K> {
    const until = ctx.deadlineAt - RESERVE_MS;
    for (;;) {
      const told = this.next(until);
      if (!(await this.keys.isPending(this.db.autocommit(ctx), ctx, key.publicKey))) return key;
      if (Date.now() >= until) throw new ConclaveError('consensus.voter-key.pending', { voterId: key.voterId });
      await told;
    }
  }

  /** The next time any key is confirmed here, or it is time to look. */
  private next(until: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      const timer = setTimeout(look, Math.max(0, Math.min(LOOK_MS, until - Date.now())));
    });
  }
}
