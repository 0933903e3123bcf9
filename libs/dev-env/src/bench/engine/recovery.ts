/** B9: a worker is killed with 500 runs in flight, each inside a known step; another one, idle until then, goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { aim, must } from '../goals.js';
import type { Case } from '../report.js';
import { medians } from '../statistics.js';
import type { Installation } from './installation.js';
import { PLAIN, countOf, engineCase, onFreshDatabase, until, type Figures } from './measure.js';

const RUNS = 500;
const MODEL_MS = 200;
/** A reaper trusts what it sees only once it has seen it for a while. */
const STEADY_MS = 3_000;

/** The outside, which counts how often each effect happens. */
const OUTSIDE = `
  create table runtime.bench_effect (key text primary key, run text not null, step int not null, tries int not null default 1);
  grant select, insert, update on runtime.bench_effect to runtime_system`;

/** Runs hang in step n modulo the steps, so that is the one that was in flight. */
const OUTCOME = `
  select (select min(epoch) / 1000.0 - $1 from runtime.turn where attempt > 1)::float8 as "firstReclaimMs",
    (select extract(epoch from max(at)) * 1000 - $1 from runtime.run_event where type = 'run.completed')::float8 as "allDoneMs",
    (select ${RUNS} - count(*) from runtime.run where state = 'completed')::int as lost,
    (select count(*) - count(distinct run_id) from runtime.run_event where type = 'run.completed')::int as "committedTwice",
    count(*) filter (where tries > 1)::int as "effectsRepeated",
    count(*) filter (where tries > 2 or tries > 1 and step <> (r.input ->> 'no')::int % ${PLAIN.steps})::int as "repeatedNotInFlight",
    (count(*) - count(distinct (run, step)))::int as "otherKeys"
  from runtime.bench_effect e join runtime.run r on r.id = e.run`;

export async function recovery(installation: Installation, rounds: number): Promise<Case[]> {
  const outcomes: Figures[] = [];
  for (let round = 0; round < rounds; round++)
    outcomes.push(await onFreshDatabase(installation, 'engine', (database) => killed(installation, database)));
  const worst = (figure: string) => Math.max(...outcomes.map((outcome) => outcome[figure] ?? NaN));
  const never = ['lost', 'committedTwice', 'repeatedNotInFlight', 'otherKeys'];
  const figures = { ...medians(outcomes), ...Object.fromEntries(never.map((figure) => [figure, worst(figure)])) };
  return [
    engineCase(`b9 kill -9, ${RUNS} in flight`, figures, [
      ...[aim('firstReclaimMs', { atMost: 250 }), aim('allDoneMs', { atMost: 1_500 })],
      ...never.map((figure) => must(figure, { atMost: 0 })),
    ]),
  ];
}

async function killed(installation: Installation, database: string): Promise<Figures> {
  await installation.query(database, OUTSIDE);
  const first = await installation.startEngine(database, { slots: RUNS, hangs: true });
  const job = { payload: 'x'.repeat(PLAIN.payloadBytes), steps: PLAIN.steps, modelMs: MODEL_MS, effects: true };
  await first.ask('create', { ...job, count: RUNS, tenants: PLAIN.tenants.length });
  const begun = Array.from({ length: RUNS }, (_, no) => (no % PLAIN.steps) + 1).reduce((sum, steps) => sum + steps, 0);
  await until('steps begun', begun, () => countOf(installation, database, 'runtime.bench_effect'));
  const second = await installation.startEngine(database, { slots: RUNS });
  await sleep(STEADY_MS);
  const [clock] = await installation.query<{ ms: number }>(
    database,
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  await first.kill9();
  await until('runs completed', RUNS, () =>
    countOf(installation, database, `runtime.run where state = 'completed'`),
  ).catch(() => undefined); // told as lost
  const [outcome] = await installation.query<Record<string, number>>(database, OUTCOME, [clock?.ms]);
  await second.stop();
  return outcome ?? {};
}
