import { ConclaveError } from '@conclave/contracts';
import type { Database } from '@conclave/postgres-kit';
import { closeReview } from './close-review.js';
import { reviewsDue } from './postgres-access-reviews.js';

/** Closes what is due; another replica may have been faster. */
export async function closeDueReviews(db: Database): Promise<void> {
  const actor = 'service:auth';
  for (const { tenant_id: tenantId, id } of await reviewsDue(db))
    await db.tx({ tenantId, actor }, (tx) => closeReview(tx, { tenantId }, id, actor)).catch(ignoreClosed);
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof ConclaveError) || error.code !== 'auth.access-review.closed') throw error;
}
