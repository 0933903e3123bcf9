/** Where rounds of the relay look; that no event is lost or placed twice is shown on real stores by relay.itest. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Database } from './database.js';
import { Relay } from './relay.js';

/** A log in which each event gets its number when it is begun, and can be placed once it is committed. */
function logOf() {
  const waiting: number[] = [];
  const looks: number[] = [];
  const placed: number[] = [];
  /** Transactions: the next one, and the oldest that is under way. */
  const transactions: { next: number; oldest?: number } = { next: 1 };
  let emitted = (): void => undefined;
  const db = {
    onEmit: (listener: () => void) => void (emitted = listener),
    system: async () => [],
    together: async (statements: readonly (readonly [sql: string, params?: readonly number[]])[]) => {
      const [floor] = statements.at(-1)![1] ?? [];
      if (floor === undefined) return []; // a new epoch
      looks.push(floor);
      const found = waiting.filter((seq) => seq > floor);
      for (const seq of found) waiting.splice(waiting.indexOf(seq), 1);
      placed.push(...found.sort((a, b) => a - b));
      const { next, oldest = next } = transactions;
      const round = { at: new Date(0), lane: 0, epoch: 1, xmin: String(oldest), xmax: String(next) };
      return found.map((seq) => ({ ...round, seq: String(seq), pos: String(seq) }));
    },
  };
  const nats = { publish: () => undefined };
  const relay = new Relay(db as unknown as Database, nats as unknown as NatsConnection, 'runtime', {
    warn: () => undefined,
  } as unknown as Logger);
  const commit = async (seq: number): Promise<void> => {
    transactions.next += 1;
    waiting.push(seq);
    emitted();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { relay, looks, placed, transactions, commit };
}

describe('the relay', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('looks at all there is when it sweeps, and else behind what was placed before an earlier sweep', async () => {
    const { relay, looks, commit } = logOf();
    relay.start();
    await commit(10);
    await jest.advanceTimersByTimeAsync(1_000);
    await commit(20);
    await commit(21);
    await jest.advanceTimersByTimeAsync(1_000);
    await commit(30);
    await commit(31);
    expect(looks).toEqual([0, 0, 0, 0, 10, 0, 10, 20]);
    await relay.stop();
  });

  it('places what a long transaction leaves behind it before what follows from it', async () => {
    const { relay, placed, transactions, commit } = logOf();
    relay.start();
    await commit(4);
    transactions.oldest = transactions.next; // it takes number 5, and its time
    for (const seq of [10, 20, 30, 40]) {
      relay['sweep']();
      await commit(seq);
      await jest.advanceTimersByTimeAsync(1_000);
    }
    delete transactions.oldest;
    await commit(5);
    await commit(50);
    expect(placed.slice(-2)).toEqual([5, 50]);
    await relay.stop();
  });
});
