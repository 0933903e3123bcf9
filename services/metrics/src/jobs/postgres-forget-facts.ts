import type { Database } from '@conclave/postgres-kit';

/** Empties what was projected and starts every cursor over, at once or not at all. */
export function forgetFacts(db: Database): Promise<void> {
  return db.system(async (tx) => {
    await tx.query('truncate decision_fact, run_fact');
    await tx.query('update event_cursor set epoch = 1, pos = 0');
  });
}
