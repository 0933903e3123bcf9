import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { events, metrics, newId } from '@conclave/contracts';
import { startServiceFixture, testPrincipal, type EventSource, type ServiceFixture } from '@conclave/dev-env/testing';
import { metricsService } from '../metrics-service.js';

const job = (env: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, 'rebuild.js')], {
    env: { PATH: process.env['PATH'], ...env },
  });

describe('the rebuild job', () => {
  let fixture: ServiceFixture;
  let runtime: EventSource;
  let consensus: EventSource;
  beforeAll(async () => {
    fixture = await startServiceFixture(metricsService);
    [runtime, consensus] = [await fixture.eventsOf('runtime'), await fixture.eventsOf('consensus')];
  });
  afterAll(() => fixture.stop());

  const openedAt = new Date('2026-01-01T00:00:00Z');
  const sealed = (tenantId: string, tookMs: number): string[] => {
    const decision = newId('decision');
    consensus.emit(events.decisionSealed, tenantId, {
      decision,
      phase: 'sealed',
      outcome: { status: 'approved', winners: ['approved'], reason: 'threshold-met' },
      payloadSha256: 'a'.repeat(64),
      openedAt: openedAt.toISOString(),
      sealedAt: new Date(openedAt.getTime() + tookMs).toISOString(),
    });
    return [tenantId, decision, 'approved', String(tookMs)];
  };
  const ran = (tenantId: string, inputTokens: number): string[] => {
    const run = newId('run');
    const usage = { inputTokens, outputTokens: 2, costMicros: 1 };
    const end = { run, decision: newId('decision'), outcome: 'approved', durationMs: 5, usage };
    runtime.emit(events.runCreated, tenantId, { run, kind: 'review' });
    runtime.emit(events.runCompleted, tenantId, end);
    return [tenantId, run, 'completed', String(inputTokens)];
  };
  /** The head beats of producers come every few seconds. */
  async function untilRows(table: string, n: number): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const rows = await fixture.database.query(`select from metrics.${table}`);
      if (rows.length === n) return;
      runtime.beat();
      consensus.beat();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${table} never had ${n} rows`);
  }
  const rowsOf = async (columns: string, table: string): Promise<string[][]> =>
    (await fixture.database.query<Record<string, string>>(`select ${columns} from metrics.${table}`)).map(
      Object.values,
    );

  it('run again and again while events flow, ends with what a projection that was never interrupted has', async () => {
    const tenants = Array.from({ length: 8 }, () => newId('tenant'));
    const env = { DATABASE_SYSTEM_URL: fixture.database.environmentOf('metrics').DATABASE_SYSTEM_URL };
    const [decisions, runs]: [string[][], string[][]] = [[], []];
    const flow = async (): Promise<void> => {
      for (let i = 0; i < 120; i++) {
        decisions.push(sealed(tenants[i % tenants.length]!, i));
        runs.push(ran(tenants[(i * 3) % tenants.length]!, i));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const [, first] = await Promise.all([flow(), job(env), job(env)]);
    expect(first.stdout).toBe('projections emptied; the service is reading the logs again\n');
    await job(env);
    await untilRows('decision_fact', 120);
    await untilRows(`run_fact where state = 'completed'`, 120);
    expect((await rowsOf('tenant_id, decision_id, outcome, duration_ms', 'decision_fact')).sort()).toEqual(
      decisions.sort(),
    );
    expect((await rowsOf('tenant_id, run_id, state, input_tokens', 'run_fact')).sort()).toEqual(runs.sort());
    expect(await fixture.database.query('select from metrics.dead_letter')).toEqual([]);
  });

  it('leaves an answer that counts each decision once, also one that took weeks', async () => {
    const me = testPrincipal();
    const weeks = 60 * 86_400_000;
    sealed(me.tenantId, weeks);
    const range = { from: '2026-02-01', to: '2026-03-31' };
    for (let i = 0; i < 100; i++) {
      const { total } = await fixture.call(metrics.getDecisionAnalytics, range, me);
      if (total === 1) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await fixture.call(metrics.getDecisionAnalytics, range, me)).toMatchObject({ total: 1, medianMs: weeks });
  });

  it('names what it lacks', async () => {
    const refusal = (await job({}).catch((error: unknown) => error)) as { code: number; stderr: string };
    expect(refusal.code).toBe(1);
    expect(refusal.stderr).toContain('DATABASE_SYSTEM_URL');
  });
});
