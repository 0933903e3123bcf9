/**
 * The race of `race.itest.ts` while replicas are killed, as a crash does, and start again, and while Postgres ends all
 * connections: writers send the same again until they are answered, and the logs are what they were told.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServiceFixture, type ServiceFixture } from '@conclave/dev-env/testing';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { sequencing } from './sequencer.js';
import { checkLogs, race, raceEnvironment } from './testing/race.js';

const [WRITERS, KILLED, TENANTS, EACH, PATIENCE_MS] = [8, 3, 50, 100, 60_000];
const spec = {
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing()],
} as const;

describe(`${WRITERS} writers of ${TENANTS} logs while ${KILLED} replicas are killed beside one that lives`, () => {
  let dir: string;
  let fixture: ServiceFixture;
  const replicas: ChildProcess[] = [];
  let kills = 0;

  /** Resolves when it is up. */
  async function start(place: number): Promise<void> {
    const module = fileURLToPath(new URL('testing/replica.js', import.meta.url));
    const env = { ...process.env, NODE_OPTIONS: '' };
    const replica = fork(module, [JSON.stringify(fixture.environment)], { execArgv: [], env });
    replicas[place] = replica;
    await Promise.race([once(replica, 'message'), once(replica, 'exit')]);
  }
  async function kill(place: number): Promise<void> {
    const replica = replicas[place]!;
    if (replica.exitCode !== null || replica.signalCode !== null) return;
    replica.kill('SIGKILL');
    await once(replica, 'exit');
    kills++;
  }

  beforeAll(async () => {
    const { env, ...made } = await raceEnvironment();
    dir = made.dir;
    fixture = await startServiceFixture(spec, env);
    await Promise.all(Array.from({ length: KILLED }, (_, place) => start(place)));
  }, 120_000);
  afterAll(async () => {
    for (const place of replicas.keys()) await kill(place);
    await fixture?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  it('logs hold what was accepted, once, with one root for each size', async () => {
    let racing = true;
    const disturbed = (async () => {
      for (let place = 0; racing; place = (place + 1) % KILLED) {
        await sleep(50 + Math.random() * 300);
        await kill(place);
        if (place === 0)
          await fixture.database.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and usename <> current_user`,
          );
        await start(place);
      }
    })();
    const accepted = await race(fixture, { writers: WRITERS, tenants: TENANTS, each: EACH }, async (call) => {
      for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(50)) {
        try {
          return await call();
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
    });
    racing = false;
    await disturbed;
    expect(kills).toBeGreaterThanOrEqual(KILLED);
    await checkLogs(fixture, accepted);
  }, 300_000);
});
