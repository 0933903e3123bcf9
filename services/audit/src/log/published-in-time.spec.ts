/**
 * What an entry that nobody waits for waits itself, by the clocks of sequencer and publisher alone: nothing else takes any
 * time here. What is left of a second is for the work.
 */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createLogger } from '@conclave/nest-kit';
import { Registry } from 'prom-client';
import type { LogGuard } from './log-guard.js';
import type { PostgresPublished } from './postgres-published.js';
import type { PostgresSequence } from './postgres-sequence.js';
import { Publisher } from './publisher.js';
import type { PublishLog } from './publish-log.js';
import { Sequencer } from './sequencer.js';

const [TENANT, LASTS_MS, STEP_MS] = ['ten_one', 30_000, 5];
const logger = createLogger('audit', 'silent', process.stderr);

/** A part of which nothing else is asked for. */
const only = <T>(part: Partial<T>): T => part as T;

/** One log, and a replica that works on it. */
function world() {
  const waiting: number[] = [];
  const stage: number[] = [];
  const waitedMs: number[] = [];
  let [size, published] = [0, 0];
  const place = (stagedAt: readonly number[]): void => {
    waiting.push(...stagedAt);
    size += stagedAt.length;
  };
  const publisher = new Publisher(
    only<PublishLog>({
      publish: () => {
        waitedMs.push(...waiting.splice(0).map((at) => performance.now() - at));
        published = size;
        return Promise.resolve(true);
      },
    }),
    only<PostgresPublished>({
      alone: (_tenant, work) => work(only({}), only({})),
      unpublished: () => Promise.resolve(published < size ? [{ tenantId: TENANT, size, published }] : []),
      everyLog: () => Promise.resolve(),
    }),
    only<LogGuard>({}),
    logger,
  );
  const log = only<PostgresSequence>({
    waitingTenants: (after) => Promise.resolve(stage.length > 0 && after === '' ? [TENANT] : []),
    sequence: () => {
      const taken = stage.splice(0);
      place(taken);
      const one = { tenantId: TENANT, taken: taken.length, types: new Set<string>(), last: String(size) };
      return Promise.resolve({ sequenced: [one], busy: false });
    },
  });
  const sequencer = new Sequencer(log, publisher, logger, new Registry());
  const come = {
    'the replica that acknowledges it lives': () => {
      stage.push(performance.now());
      sequencer.kick();
    },
    'that replica dies': () => void stage.push(performance.now()),
    'the replica that has just placed it dies': () => place([performance.now()]),
  } as const;
  return { sequencer, publisher, come, waitedMs };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it.each([
  ['the replica that acknowledges it lives', 550],
  ['that replica dies', 800],
  ['the replica that has just placed it dies', 750],
] as const)('publishes an entry, when %s, after at most %d ms of waiting', async (how, withinMs) => {
  for (const [everyMs, beside] of [
    [985, false],
    [985, true],
    [45, false],
  ] as const) {
    const { sequencer, publisher, come, waitedMs } = world();
    publisher.start();
    sequencer.start();
    for (let at = 0; at < LASTS_MS; at += STEP_MS) {
      if (at % everyMs === 0) come[how]();
      if (beside && at % 35 === 0) come['the replica that acknowledges it lives']();
      await jest.advanceTimersByTimeAsync(STEP_MS);
    }
    await jest.advanceTimersByTimeAsync(1_000);
    await sequencer.stop();
    await publisher.stop();
    expect(waitedMs.length).toBeGreaterThanOrEqual(Math.floor(LASTS_MS / everyMs));
    expect(Math.max(...waitedMs)).toBeLessThanOrEqual(withinMs);
  }
});
