/** Many writers, several replicas, many logs: nothing is lost, doubled or given two places, and no size has two roots. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { startServiceFixture, type ServiceFixture } from '@conclave/dev-env/testing';
import { bootstrapService, type RunningService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { sequencing } from './sequencer.js';
import { checkLogs, race, raceEnvironment } from './testing/race.js';

const [WRITERS, REPLICAS, TENANTS, EACH] = [8, 3, 50, 50];
const spec = {
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing()],
} as const;

/** `race.nightly.ts` kills replicas meanwhile. */
describe(`${WRITERS} writers, ${REPLICAS} replicas and ${TENANTS} logs`, () => {
  let dir: string;
  let fixture: ServiceFixture;
  const others: RunningService[] = [];

  beforeAll(async () => {
    const { env, ...made } = await raceEnvironment();
    dir = made.dir;
    fixture = await startServiceFixture(spec, env);
    for (let n = 1; n < REPLICAS; n++) others.push(await bootstrapService(spec, fixture.environment));
  });
  afterAll(async () => {
    for (const other of others) await other.stop();
    await fixture.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('make logs as long as what was accepted, with one root for each size', async () => {
    await checkLogs(fixture, await race(fixture, { writers: WRITERS, tenants: TENANTS, each: EACH }));
  });
});
