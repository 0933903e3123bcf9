/**
 * Bounds guesses at a person's codes: after five wrong ones in a row none is looked at for half a minute, then for twice
 * as long with each wrong one more, up to an hour. That leaves about thirty guesses a day at three codes in a million.
 */
import { ConclaveError, events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { forgetFailures, lockFailures, updateFailures, type Whose } from './postgres-mfa.js';

const FREE = 5;
const FIRST_LOCK_MS = 30_000;
const LONGEST_LOCK_MS = 3_600_000;

/**
 * Lets `take` look at a code unless too many were wrong. A refusal is returned, not thrown: that a guess was made has to
 * be committed. Whoever guesses for the same person at the same time waits.
 */
export async function guess(
  tx: Tx,
  whose: Whose,
  method: 'totp' | 'recovery-code',
  take: () => Promise<boolean>,
): Promise<ConclaveError | undefined> {
  const { failures, lockedUntil } = await lockFailures(tx, whose);
  const now = Date.now();
  if (lockedUntil && lockedUntil.getTime() > now) return locked(lockedUntil, now);
  if (await take()) {
    await forgetFailures(tx, whose);
    return undefined;
  }
  const until = lockAfter(failures + 1, now);
  await updateFailures(tx, whose, { failures: failures + 1, lockedUntil: until });
  const { principalId: principal } = whose;
  await tx.emit(events.authenticationFailed, { method, reason: 'wrong', principal, times: 1 });
  if (!until) return new ConclaveError('auth.second-factor.refused');
  await tx.emit(events.secondFactorLocked, { principal, failures: failures + 1, until: until.toISOString() });
  return locked(until, now);
}

function lockAfter(failures: number, now: number): Date | null {
  if (failures < FREE) return null;
  return new Date(now + Math.min(FIRST_LOCK_MS * 2 ** (failures - FREE), LONGEST_LOCK_MS));
}

const locked = (until: Date, now: number): ConclaveError =>
  new ConclaveError('auth.second-factor.locked', { retryAfterS: Math.ceil((until.getTime() - now) / 1_000) });
