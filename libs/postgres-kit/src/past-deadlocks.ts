/** For transactions that lock many rows in an order of their own, which those of others may cross. */
import { ConclaveError } from '@conclave/contracts';

/** After so many somebody else's order is no coincidence. */
const TRIES = 3;

/** Runs a transaction again that Postgres ended so that others could go on: nothing of it was done. */
export async function pastDeadlocks<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isDeadlock(error) || tries === TRIES) throw error;
    }
  }
}

const isDeadlock = (error: unknown): boolean =>
  error instanceof ConclaveError && (error.cause as { readonly code?: unknown } | undefined)?.code === '40P01';
