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
      return found.map((seq) => ({ seq: String(seq), at: new Date(0), lane: 0, pos: String(seq), epoch: 1 }));
    },
  };
  const nats = { publish: () => undefined };
  const relay = new Relay(db as unknown as Database, nats as unknown as NatsConnection, 'runtime', {
    warn: () => undefined,
  } as unknown as Logger);
  const commit = async (seq: number): Promise<void> => {
    waiting.push(seq);
    emitted();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { relay, waiting, looks, commit };
}

describe('the relay', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('looks behind what got its place two sweeps ago, and at all there is when it sweeps', async () => {
    const { relay, looks, commit } = logOf();
    relay.start();
    await commit(10);
    await jest.advanceTimersByTimeAsync(1_000);
    await commit(20);
    await jest.advanceTimersByTimeAsync(1_000);
    looks.length = 0;
    await commit(30);
    await jest.advanceTimersByTimeAsync(1_000);
    await commit(40);
    expect(looks).toEqual([10, 0, 20]);
    await relay.stop();
  });

  it('finds with its next sweep what a long transaction left behind it', async () => {
    const { relay, waiting, commit } = logOf();
    relay.start();
    await commit(10);
    await jest.advanceTimersByTimeAsync(2_000);
    await commit(5);
    expect(waiting).toEqual([5]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(waiting).toEqual([]);
    await relay.stop();
  });
});
