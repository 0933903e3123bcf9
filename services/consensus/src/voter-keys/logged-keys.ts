/**
 * Enrolment is of grade `sealed`: a key counts once the log has it. Who is not told so must not rely on it, and it opens
 * no decision, so that no key ever voted of which the log might say nothing.
 */
import { createHash } from 'node:crypto';
import { ConclaveError, events, timeOfId } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { PostgresVoterKeys, type VoterKey } from './postgres-voter-keys.js';

/** Another replica may be the one that hears of the checkpoint. */
const LOOK_MS = 200;
/** What the answer needs of the caller's time. */
const RESERVE_MS = 500;
/** An event that waits longer is taken for lost: a second entry of an enrolment harms nothing. */
const LOST_MS = 60_000;

@Injectable()
export class LoggedKeys {
  private readonly waiting = new Set<() => void>();

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
  ) {}

  /** Tells the log of a key, and of the one whose place it takes; the key counts once the log has that. */
  async tell(tx: Tx, ctx: Actor, key: VoterKey, previous?: VoterKey): Promise<void> {
    const { voterId: voter, custody, publicKey } = key;
    const told = { voter, publicKeySha256: digestOf(key), custody };
    const eventId = previous
      ? await tx.emit(events.voterKeyRotated, { ...told, previousSha256: digestOf(previous) })
      : await tx.emit(events.voterKeyEnrolled, told);
    await this.keys.awaitLog(tx, ctx, publicKey, eventId);
  }

  /** The event's entry is in a published checkpoint. */
  async confirm(tx: Tx, ctx: Actor, eventId: string): Promise<void> {
    await this.keys.settle(tx, ctx, eventId);
    tx.afterCommit(() => this.waiting.forEach((look) => look()));
  }

  /** Answers with the key once the log has it. @throws ConclaveError `consensus.voter-key.pending` */
  async answer<K extends { voterId: string; publicKey: string }>(ctx: RequestContext, key: K): Promise<K> {
    await this.tellIfLost(ctx, key.publicKey);
    const until = ctx.deadlineAt - RESERVE_MS;
    for (;;) {
      const told = this.next(until);
      if ((await this.keys.awaited(this.db.autocommit(ctx), ctx, key.publicKey)) === undefined) return key;
      if (Date.now() >= until) throw new ConclaveError('consensus.voter-key.pending', { voterId: key.voterId });
      await told;
    }
  }

  /**
   * A confirmation comes once. Where a replica of older code took it, or the entry's log was given up before it was
   * published, the key would wait for ever. Whoever asks, the enrolment stays that of who made it.
   */
  private async tellIfLost(ctx: RequestContext, publicKey: string): Promise<void> {
    const eventId = await this.keys.awaited(this.db.autocommit(ctx), ctx, publicKey);
    if (eventId === undefined || Date.now() - timeOfId(eventId) < LOST_MS) return;
    await this.db.tx(ctx, async (tx) => {
      const key = await this.keys.awaiting(tx, ctx, eventId);
      if (key) await this.tell(tx.as({ actor: key.enrolledBy }), ctx, key, await this.keys.before(tx, ctx, key));
    });
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

export function digestOf({ publicKey }: Pick<VoterKey, 'publicKey'>): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
}
