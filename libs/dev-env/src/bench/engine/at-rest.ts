/** What an installation asks of Postgres while nobody asks anything of it, counted by Postgres itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Platform } from '../platform.js';
import { medians } from '../statistics.js';

/** What the installation has to be started with for it. */
export const COUNTING = { POSTGRES_LIBRARIES: 'pg_stat_statements' };

const WINDOWS = 3;
const WINDOW_MS = 10_000;
/** Until what was done before is done with, and told by Postgres. */
const SETTLE_MS = 12_000;

/** All but the administrator's: of all services, begins and commits too. */
const COUNTS = `
  select s.statements, s.pages, (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables)::float8
    + (select sum(idx_tup_read) from pg_stat_user_indexes)::float8 as rows
  from (
    select sum(calls)::float8 as statements, sum(shared_blks_hit + shared_blks_read)::float8 as pages
    from pg_stat_statements where userid <> current_user::regrole
  ) s`;

/** Works with a connection of the administrator's. */
export async function asAdministrator<T>({ postgres }: Platform, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  try {
    await client.query('create extension if not exists pg_stat_statements');
    return await work(client);
  } finally {
    await client.end();
  }
}

export type Rest = Readonly<Record<'statementsPerS' | 'pagesPerS' | 'rowsReadPerS', number>>;

/** Statements, pages looked at, and rows and entries of indexes read; medians of windows. */
export async function atRest(client: pg.Client): Promise<Rest> {
  const counts = async () => (await client.query<Record<'statements' | 'pages' | 'rows', number>>(COUNTS)).rows[0]!;
  await sleep(SETTLE_MS);
  // Entries of rows that are gone would be gone over until Postgres does this by itself, within some minutes.
  await client.query('vacuum');
  const windows: Rest[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    const [before, begin] = [await counts(), performance.now()];
    await sleep(WINDOW_MS);
    const [after, seconds] = [await counts(), (performance.now() - begin) / 1_000];
    windows.push({
      statementsPerS: (after.statements - before.statements) / seconds,
      pagesPerS: (after.pages - before.pages) / seconds,
      rowsReadPerS: (after.rows - before.rows) / seconds,
    });
  }
  return medians(windows);
}

/** What the engine's tables take, with their indexes. */
export async function bytesOfRows(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
     where relnamespace = 'runtime'::regnamespace and relkind = 'r'`,
  );
  return rows[0]?.bytes ?? NaN;
}
