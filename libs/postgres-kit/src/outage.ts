/** SQLSTATE classes that say the database, not the statement, is at fault: connection, rollback, resources, operator. */
const OUTAGE_CLASSES = ['08', '40', '53', '57', '58'];
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '25P03',
  '55P03',
]);

/**
 * Whether an error is an outage of Postgres or the network rather than a fault of the work: such an error is waited
 * for and never becomes an outcome.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (OUTAGE_CODES.has(code) || (code.length === 5 && OUTAGE_CLASSES.includes(code.slice(0, 2)))) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|server closed the connection/i.test(
    error.message,
  );
}
