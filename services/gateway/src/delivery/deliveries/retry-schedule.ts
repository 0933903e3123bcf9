const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, … failed attempt: three days in all, as Standard Webhooks suggests. */
const WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** Receivers that came back are not hit by everything at once: each wait is stretched by up to this share. */
const JITTER = 0.2;

/** A webhook that has done nothing but fail for this long is disabled. */
export const DISABLE_AFTER_MS = 5 * 24 * HOUR;

/** When to try again after `attempts` failed ones; undefined when it is time to give up. `random` is in [0, 1). */
export function retryAt(attempts: number, nowMs: number, random: number): Date | undefined {
  const wait = WAITS_MS[attempts - 1];
  return wait === undefined ? undefined : new Date(nowMs + wait * (1 + JITTER * random));
}
