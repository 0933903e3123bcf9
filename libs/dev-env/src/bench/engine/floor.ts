/**
 * The floor: what Postgres and Node take for the same durable points when nothing else is done. Four commits of every
 * run, which runs under way at the same time share; no tenants, no fencing, no events, no fairness.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Contestant, Job } from './contestant.js';

const TABLES = `
  create table if not exists floor_run (id uuid primary key, state smallint not null, input jsonb, output jsonb, at timestamptz default now());
  create table if not exists floor_step (run uuid, n smallint, output jsonb, at timestamptz default now(), primary key (run, n))`;
const START = `insert into floor_run (id, state, input) select i, 1, p from unnest($1::uuid[], $2::jsonb[]) t (i, p)`;
const STEP = `insert into floor_step (run, n, output) select * from unnest($1::uuid[], $2::smallint[], $3::jsonb[])`;
const END = `
  with x as (select * from unnest($1::uuid[], $2::smallint[], $3::jsonb[]) t (i, n, o)),
    s as (insert into floor_step (run, n, output) select i, n, o from x)
  update floor_run r set state = 2, output = x.o from x where r.id = x.i`;

const BATCH = 500;

export async function open({ databaseUrl }: { readonly databaseUrl: string }): Promise<Contestant> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8 });
  await pool.query(TABLES);
  const [start, step, end] = [shared(pool, 'start', START), shared(pool, 'step', STEP), shared(pool, 'end', END)];
  return {
    async run({ payload, steps }: Job) {
      const id = randomUUID();
      const json = JSON.stringify({ text: payload });
      await start([id, json]);
      for (let n = 1; n < steps; n++) await step([id, n, json]);
      await end([id, steps, json]);
    },
    close: () => pool.end(),
  };
}

type Row = readonly unknown[];

/** A statement over arrays that takes what came while its last two executions were under way. */
function shared(pool: pg.Pool, name: string, text: string): (row: Row) => Promise<void> {
  let waiting: { row: Row; done: () => void; refuse: (error: unknown) => void }[] = [];
  let busy = 0;
  const drain = async (): Promise<void> => {
    if (busy === 2) return;
    busy++;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      const columns = (batch[0]?.row ?? []).map((_, at) => batch.map(({ row }) => row[at]));
      await pool.query({ name, text, values: columns }).then(
        () => batch.forEach(({ done }) => done()),
        (error: unknown) => batch.forEach(({ refuse }) => refuse(error)),
      );
    }
    busy--;
  };
  return (row) =>
    new Promise((done, refuse) => {
      waiting.push({ row, done, refuse });
      setImmediate(() => void drain());
    });
}
