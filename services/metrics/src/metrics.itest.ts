import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { events, metrics, newId } from '@conclave/contracts';
import {
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { forgetFacts } from './jobs/postgres-forget-facts.js';
import { metricsService } from './metrics-service.js';

const usage = { inputTokens: 10, outputTokens: 5, costMicros: 7 };

describe('metrics', () => {
  let fixture: ServiceFixture;
  let runtime: EventSource;
  let consensus: EventSource;

  beforeAll(async () => {
    fixture = await startServiceFixture(metricsService);
    runtime = await fixture.eventsOf('runtime');
    consensus = await fixture.eventsOf('consensus');
  });
  afterAll(() => fixture.stop());

  const today = new Date().toISOString().slice(0, 10);
  const sealed = (as: TestPrincipal, status: string, ms = 100) => {
    const openedAt = new Date();
    const data = {
      decision: newId('decision'),
      phase: 'sealed',
      outcome: { status, winners: [], reason: 'x' },
      payloadSha256: 'a'.repeat(64),
      openedAt: openedAt.toISOString(),
      sealedAt: new Date(openedAt.getTime() + ms).toISOString(),
    };
    return consensus.emit(events.decisionSealed, as.tenantId, data);
  };
  const ran = (as: TestPrincipal, end: 'completed' | 'failed' | 'canceled' | 'open', spent?: typeof usage) => {
    const run = newId('run');
    runtime.emit(events.runCreated, as.tenantId, { run, kind: 'review' });
    if (end === 'completed')
      runtime.emit(events.runCompleted, as.tenantId, {
        run,
        decision: newId('decision'),
        outcome: 'approved',
        durationMs: 5,
        usage,
      });
    if (end === 'failed') runtime.emit(events.runFailed, as.tenantId, { run, code: 'x', message: 'y', usage: spent });
    if (end === 'canceled') runtime.emit(events.runCanceled, as.tenantId, { run, usage: spent });
  };
  const until = async <T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> => {
    for (let i = 0; i < 120; i++) {
      const value = await read();
      if (holds(value)) return value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return read();
  };
  const decisionsOf = (as: TestPrincipal) => fixture.call(metrics.getDecisionAnalytics, {}, as);
  const usageOf = (as: TestPrincipal) => fixture.call(metrics.getUsageAnalytics, {}, as);

  it('counts decisions per day by outcome, each once, with the median time', async () => {
    const me = testPrincipal();
    const sent = [
      sealed(me, 'approved', 100),
      sealed(me, 'rejected', 300),
      sealed(me, 'rejected', 200),
      sealed(me, 'undecided'),
      sealed(me, 'decided'),
    ];
    consensus.ring(...sent);
    const found = await until(
      () => decisionsOf(me),
      ({ total }) => total >= 5,
    );
    expect(found).toMatchObject({ total: 5, medianMs: 100 });
    expect(found.days).toHaveLength(30);
    expect(found.days.at(-1)).toEqual({ day: today, approved: 1, rejected: 2, undecided: 1, other: 1 });
    expect(found.days[0]).toMatchObject({ approved: 0, rejected: 0 });
  });

  it('counts runs and what their models cost', async () => {
    const me = testPrincipal();
    for (const end of ['completed', 'completed', 'failed', 'canceled', 'open'] as const) ran(me, end);
    const found = await until(
      () => usageOf(me),
      ({ days }) => days.at(-1)!.runs >= 5 && days.at(-1)!.inputTokens >= 20,
    );
    expect(found.days.at(-1)).toEqual({
      day: today,
      runs: 5,
      failed: 1,
      inputTokens: 20,
      outputTokens: 10,
      costMicros: 14,
    });
  });

  it('counts what failed and canceled runs spent, too', async () => {
    const me = testPrincipal();
    ran(me, 'failed', usage);
    ran(me, 'canceled', usage);
    ran(me, 'failed');
    const found = await until(
      () => usageOf(me),
      ({ days }) => days.at(-1)!.runs >= 3 && days.at(-1)!.costMicros >= 14,
    );
    expect(found.days.at(-1)).toEqual({
      day: today,
      runs: 3,
      failed: 2,
      inputTokens: 20,
      outputTokens: 10,
      costMicros: 14,
    });
  });

  it('shows a tenant nothing of another', async () => {
    const [me, other] = [testPrincipal(), testPrincipal()];
    sealed(me, 'approved');
    await until(
      () => decisionsOf(me),
      ({ total }) => total >= 1,
    );
    expect(await decisionsOf(other)).toMatchObject({ total: 0 });
    expect((await decisionsOf(other)).medianMs).toBeUndefined();
  });

  it('rebuilds every projection from the logs, row for row', async () => {
    const rows = async () => [
      await fixture.database.query(
        'select tenant_id, decision_id, day::text, outcome, duration_ms from metrics.decision_fact order by 1, 2',
      ),
      await fixture.database.query(
        'select tenant_id, run_id, day::text, state, input_tokens, output_tokens, cost_micros from metrics.run_fact order by 1, 2',
      ),
    ];
    const before = await rows();
    expect(before.flat().length).toBeGreaterThan(5);
    await forgetFacts(fixture.service.app.get(Database));
    expect((await rows()).flat()).toEqual([]);
    const again = await until(
      async () => {
        runtime.beat();
        consensus.beat();
        return rows();
      },
      (now) => JSON.stringify(now) === JSON.stringify(before),
    );
    expect(again).toEqual(before);
  });

  it('answers for the first days there are and the last, and refuses earlier ones', async () => {
    const me = testPrincipal();
    for (const range of [{ to: '1970-01-01' }, { from: '9999-12-01', to: '9999-12-31' }])
      await expect(fixture.call(metrics.getDecisionAnalytics, range, me)).resolves.toMatchObject({ total: 0 });
    for (const range of [{ from: '0000-01-01', to: '0000-01-02' }, { to: '0000-01-02' }, { from: '1969-12-31' }])
      for (const call of [metrics.getDecisionAnalytics, metrics.getUsageAnalytics])
        await expect(fixture.call(call, range, me)).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('refuses what it cannot answer with a code', async () => {
    const me = testPrincipal();
    await expect(
      fixture.call(metrics.getDecisionAnalytics, { from: '2026-02-02', to: '2026-02-01' }, me),
    ).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(
      fixture.call(metrics.getUsageAnalytics, { from: '2020-01-01', to: '2026-02-01' }, me),
    ).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(fixture.call(metrics.getUsageAnalytics, {}, { ...me, scopes: ['run:read'] })).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
  });
});
