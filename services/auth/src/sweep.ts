import type { Database } from '@conclave/postgres-kit';
import { closeDueReviews } from './access-reviews/close-due-reviews.js';
import { sweepConnectionFlows } from './connection-sign-ins/postgres-flows.js';
import { sweepOauth } from './oauth/postgres-grants.js';
import { sweepMail } from './mails/postgres-mails.js';
import { sweepChallenges } from './passkeys/postgres-passkeys.js';
import { sweepSignIns } from './sign-ins/postgres-sign-ins.js';

/** Forgets what is of no use any more, and ends what is due. */
export async function sweep(db: Database): Promise<void> {
  await sweepSignIns(db);
  await sweepChallenges(db);
  await sweepConnectionFlows(db);
  await closeDueReviews(db);
  await sweepOauth(db);
  await sweepMail(db);
}
