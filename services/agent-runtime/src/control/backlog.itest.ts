import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runs } from '@conclave/contracts';
import { eventually, testPrincipal } from '@conclave/dev-env/testing';
import { Engine } from '../engine/engine.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';

/** Nobody works here but who the test says does. */
describe('the backlog', () => {
  let fixture: RuntimeFixture;

  beforeAll(async () => {
    fixture = await startRuntimeFixture({ ROLES: 'api,control' });
  });
  afterAll(async () => {
    await fixture.stop();
  });

  const metrics = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${fixture.service.url}/metrics`)).text();
    const told = [...text.matchAll(/^conclave_backlog_(\w+)(?:{.*})? (.+)$/gm)];
    return Object.fromEntries(told.map(([, name, value]) => [name ?? '', Number(value)]));
  };

  it('is told on /metrics: what is ready, runs and has room in all workers, and how old the oldest is', async () => {
    await eventually(async () =>
      expect(await metrics()).toEqual({
        ready_turns: 0,
        running_turns: 0,
        slots: 0,
        ratio: 0,
        oldest_ready_seconds: 0,
      }),
    );
    const tenants = [testPrincipal(), testPrincipal()];
    for (let no = 0; no < 8; no++)
      await fixture.call(runs.createRun, { agent: 'compose', input: { value: no } }, tenants[no % 2]!);
    // One of an older version, one that tells its slots, and one that died where nobody looked.
    await fixture.database.query(
      `insert into runtime.worker (id, lock_key, slots, beat_at) values
         ('wrk_old', 1, default, now() + interval '1 min'), ('wrk_new', 2, 6, now() + interval '1 min'),
         ('wrk_dead', 3, 100, now() - interval '1 day')`,
    );
    const engine = fixture.service.app.get(Engine);
    const { turns } = await engine.claim('wrk_new', { turns: 2, slow: 2, leaseMs: 60_000 });
    expect(turns).toHaveLength(2);
    await fixture.database.query(
      `update runtime.turn t set ready_at = now() + b.at * interval '1 s' from (
         select run_id, (array[3600, -90])[row_number() over (order by run_id)] as at
         from runtime.turn where state = 'ready' limit 2) b
       where b.run_id = t.run_id and t.state = 'ready'`,
    );
    await eventually(async () =>
      expect(await metrics()).toMatchObject({ ready_turns: 5, running_turns: 2, slots: 10 }),
    );
    const { ratio, oldest_ready_seconds: oldest } = await metrics();
    expect(ratio).toBe(0.7);
    expect(oldest).toBeGreaterThanOrEqual(90);
    expect(oldest).toBeLessThan(600);
  }, 30_000);
});
