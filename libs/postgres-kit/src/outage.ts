import { ConclaveError, type ErrorCode } from '@conclave/contracts';

/**
 * SQLSTATE classes that say the database, not the statement, is at fault: connection, sign-in (a password is being
 * changed), rollback, resources, operator, system. A statement that was canceled because it ran too long (57014) is not
 * one of them: it would run too long again.
 */
const OUTAGE_CLASSES = ['08', '28', '40', '53', '57', '58'];
const TIMEOUTS = new Set<unknown>(['57014', '55P03']); // of statements, of waits for a lock
/** Refusals of a service that say nothing of the work: it is away, slow, or an operator has yet to correct its set-up. */
const OUTAGE_REFUSALS: readonly ErrorCode[] = ['service.unavailable', 'request.deadline', 'service.misconfigured'];
const OUTAGE_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', '55P03'];
const SILENCE = 'Query read timeout';
/** What pg says without a code. */
const OUTAGE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|server closed the connection/i;

/**
 * Whether an error is an outage of Postgres, of the network or of another service rather than a fault of the work: such
 * an error is waited for and never becomes an outcome.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof ConclaveError) return OUTAGE_REFUSALS.includes(error.code);
  if (typeof error !== 'object' || error === null) return false;
  if (isStalePlan(error)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (OUTAGE_CODES.includes(code)) return true;
  if (code.length === 5) return OUTAGE_CLASSES.includes(code.slice(0, 2)) && !TIMEOUTS.has(code);
  return 'message' in error && OUTAGE_MESSAGE.test(String(error.message));
}

/** Whether a statement was given up on because nothing came back, not even a refusal. */
export const isSilence = (error: unknown): error is Error => error instanceof Error && error.message === SILENCE;

/**
 * Whether a migration changed what a statement answers after this connection had prepared it; on a new connection the
 * statement works again. Told by the routine of Postgres: the code is a general one, and the message has a language.
 */
export const isStalePlan = (error: unknown): error is Error =>
  error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery';

/** Whether Postgres canceled a statement because its time was up. */
export const isStatementTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && TIMEOUTS.has(error.code);
