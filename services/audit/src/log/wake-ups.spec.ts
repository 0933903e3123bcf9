/**
 * Nothing that waits for a checkpoint is forgotten while another replica has its log. Neither sweeps here: whoever was not
 * told would wait for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { createLogger } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import type { LogGuard } from './log-guard.js';
import type { PostgresPublished } from './postgres-published.js';
import type { PostgresSequence, Round } from './postgres-sequence.js';
import { Publisher } from './publisher.js';
import type { PublishLog } from './publish-log.js';
import { Sequencer } from './sequencer.js';

const [TENANT, PATIENCE_MS] = ['ten_one', 5_000];
const logger = createLogger('audit', 'silent', process.stderr);

/** A part of which nothing else is asked for. */
const only = <T>(part: Partial<T>): T => part as T;

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(5))
    if (holds()) return;
  throw new Error('it was not told');
}

function publisherOf(alone: PostgresPublished['alone']): Publisher {
  const log = only<PublishLog>({ publish: () => Promise.resolve(true) });
  return new Publisher(log, only<PostgresPublished>({ alone }), only<LogGuard>({}), logger);
}

it('sequences again what was staged while another replica had the log', async () => {
  const rounds: Round[] = [{ sequenced: [], busy: true }];
  let staged = true;
  const log = only<PostgresSequence>({
    waitingTenants: (after) => Promise.resolve(staged && after === '' ? [TENANT] : []),
    sequence: () => {
      const other = rounds.shift();
      if (other) return Promise.resolve(other);
      staged = false;
      return Promise.resolve({
        sequenced: [{ tenantId: TENANT, taken: 1, types: new Set<string>(), last: '1' }],
        busy: false,
      });
    },
  });
  const publisher = publisherOf(() => Promise.resolve(true));
  const sequencer = new Sequencer(log, publisher, logger, new Registry());
  sequencer.kick();
  await until(() => !staged);
  await sequencer.stop();
  await publisher.stop();
});

it('publishes again what was placed while another replica published the log', async () => {
  const tries: (boolean | undefined)[] = [];
  const publisher = publisherOf(async (_tenant, work) => {
    const moved = tries.length < 2 ? undefined : await work(only<Tx>({}), only({}));
    tries.push(moved);
    return moved;
  });
  const heard: string[] = [];
  publisher.onPublished((tenantId) => heard.push(tenantId));
  publisher.kick(TENANT, { urgent: false });
  await until(() => heard.length > 0);
  await publisher.stop();
  expect({ heard, tries }).toEqual({ heard: [TENANT], tries: [undefined, undefined, true] });
});
