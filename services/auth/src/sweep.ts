import type { Database } from '@conclave/postgres-kit';
import { sweepConnectionFlows } from './connection-sign-ins/postgres-flows.js';
import { sweepMail } from './mails/postgres-mails.js';
import { sweepChallenges } from './passkeys/postgres-passkeys.js';
import { sweepSignIns } from './sign-ins/postgres-sign-ins.js';

/** Forgets what is of no use any more. */
export async function sweep(db: Database): Promise<void> {
  await sweepSignIns(db);
  await sweepChallenges(db);
  await sweepConnectionFlows(db);
  await sweepMail(db);
}
