/**
 * Group commit: what comes while a batch is under way travels together in the next one, and what comes to an idle one
 * leaves at once. No timer, so a lone item never waits for company.
 */
import { isOutage } from './outage.js';

/** What became of one item of a batch. */
export type ItemOutcome<R> = { readonly ok: R } | { readonly error: Error };

export interface GroupCommitOptions<T, R> {
  /** Does a batch in one transaction: one outcome per item, in order. A throw means that nothing of it was done. */
  readonly flush: (items: readonly T[]) => Promise<readonly ItemOutcome<R>[]>;
  /**
   * Resolves when an outage may be over; called with the number of tries so far. The batch is tried again then, and no
   * caller hears of it. Without it all callers of the batch do.
   */
  readonly pause?: (tries: number) => Promise<void>;
  /** Most items of one batch. */
  readonly limit: number;
  /** Items of equal keys never share a batch and keep their order; without it any may. */
  readonly keyOf?: (item: T) => string;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly settle: (outcome: ItemOutcome<R>) => void;
}

export class GroupCommit<T, R> {
  private queue: Waiting<T, R>[] = [];
  private busy = false;

  constructor(private readonly options: GroupCommitOptions<T, R>) {}

  /** Resolves once the item is committed. @throws what is wrong with this item; others of its batch are not affected */
  submit(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: ItemOutcome<R>): void => ('ok' in outcome ? resolve(outcome.ok) : reject(outcome.error));
      this.queue.push({ item, settle });
      this.run();
    });
  }

  private run(): void {
    if (this.busy) return;
    this.busy = true;
    // The present burst of work queues what it has first.
    setImmediate(() => void this.drain());
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) await this.commit(this.next());
    this.busy = false;
  }

  /** The oldest items, at most one of each key. */
  private next(): Waiting<T, R>[] {
    const { keyOf, limit } = this.options;
    if (!keyOf) return this.queue.splice(0, limit);
    const taken: Waiting<T, R>[] = [];
    const left: Waiting<T, R>[] = [];
    const keys = new Set<string>();
    for (const waiting of this.queue) {
      const key = keyOf(waiting.item);
      const free = taken.length < limit && !keys.has(key);
      keys.add(key);
      (free ? taken : left).push(waiting);
    }
    this.queue = left;
    return taken;
  }

  /** Splits a batch that is refused until the item at fault is alone: it alone hears of it. */
  private async commit(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const outcomes = await this.flush(batch.map(({ item }) => item));
      batch.forEach(({ settle }, at) => settle(outcomes[at] ?? { error: new Error('the batch has no such outcome') }));
    } catch (error) {
      if (batch.length === 1)
        return batch[0]!.settle({ error: error instanceof Error ? error : new Error(String(error)) });
      const half = Math.ceil(batch.length / 2);
      await this.commit(batch.slice(0, half));
      await this.commit(batch.slice(half));
    }
  }

  private async flush(items: readonly T[]): Promise<readonly ItemOutcome<R>[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.options.flush(items);
      } catch (error) {
        if (!isOutage(error)) throw error;
        const { pause } = this.options;
        if (!pause) return items.map(() => ({ error: error as Error }));
        await pause(tries);
      }
    }
  }
}
