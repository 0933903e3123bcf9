import type { Database } from '@conclave/postgres-kit';

/** What waits for workers, and what they have room for, over all tenants and processes. */
export interface Backlog {
  /** Turns that could start now; those that a cap or their session holds back are among them. */
  readonly ready: number;
  /** Turns, and commands that outlasted theirs: whoever takes the worker away takes these with it. */
  readonly running: number;
  /** Places of all workers that live. */
  readonly slots: number;
  /** Since when the one that became ready first has been so, in seconds; 0 when none is. */
  readonly oldestReadySeconds: number;
}

const BACKLOG = `
  select r.ready, r."oldestReadySeconds", (select count(*)::int from turn where state = 'running')
      + (select count(*)::int from wait where state = 'open' and worker is not null) as running,
    (select coalesce(sum(slots), 0)::int from worker where beat_at > now() - $1 * interval '1 ms') as slots
  from (
    select count(*)::int as ready, coalesce(extract(epoch from now() - min(ready_at)), 0)::float8 as "oldestReadySeconds"
    from turn where state = 'ready' and ready_at <= now()
  ) r`;

/** Reads every ready turn: 100,000 of them take less than 100 ms. */
export function readBacklog(db: Database, leaseMs: number): Promise<Backlog> {
  return db.system(async (tx) => {
    // Planned while most turns were ready, it would read the whole table, with all turns that have ended since.
    await tx.query(`select set_config('enable_seqscan', 'off', true)`);
    const backlog = await tx.one<Backlog>(BACKLOG, [leaseMs]);
    return backlog!;
  });
}
