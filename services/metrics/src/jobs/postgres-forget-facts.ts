import type { Database } from '@conclave/postgres-kit';

/**
 * Empties what was projected and starts every cursor over, at once or not at all. Cursors come first, as they do for
 * whoever takes a fact: so neither waits for the other in a circle.
 */
export function forgetFacts(db: Database): Promise<void> {
  return db.system(async (tx) => {
    await tx.query('update event_cursor set epoch = 1, pos = 0');
    await tx.query('truncate decision_fact, run_fact');
  });
}
