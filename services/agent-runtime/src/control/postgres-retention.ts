/** Journals of ended runs go when their time is over; the run and its result stay. */
import type { Database } from '@conclave/postgres-kit';
import { ENDED_RUN } from '../engine/state-lists.js';

/** Runs whose journals go in one statement, and statements of one tick: what others wait for stays short. */
const BATCH = 100;
const BATCHES = 5;

const REMOVE = `
  with r as materialized (
    select tenant_id, id from run
    where journal_removed_at is null and created_at < now() - $1 * interval '1 day'
      and updated_at < now() - $1 * interval '1 day' and state in ${ENDED_RUN}
    order by created_at limit ${BATCH} for no key update skip locked
  ), step as (delete from step x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), wait as (delete from wait x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), turn as (delete from turn x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), task as (delete from task x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), told as (delete from run_event x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), said as (delete from run_message x using r where x.tenant_id = r.tenant_id and x.run_id = r.id
  ), known as (delete from signal x using r where x.tenant_id = r.tenant_id and x.kind = 'run' and x.key = r.id
  )
  update run set journal_removed_at = clock_timestamp() from r where run.tenant_id = r.tenant_id and run.id = r.id
  returning run.id`;

/** @returns how many runs have lost their journal */
export async function removeJournals(db: Database, days: number): Promise<number> {
  let removed = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const rows = await db.system((tx) => tx.query(REMOVE, [days]));
    removed += rows.length;
    if (rows.length < BATCH) break;
  }
  return removed;
}

/** What is remembered of deliveries and failures of triggers goes after as long a time. */
export async function forgetFirings(db: Database, days: number): Promise<void> {
  for (const table of ['trigger_failure', 'trigger_delivery'])
    await db.system((tx) => tx.query(`delete from ${table} where at < now() - $1 * interval '1 day'`, [days]));
}
