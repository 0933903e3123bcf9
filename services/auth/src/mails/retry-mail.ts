const MINUTE_MS = 60_000;

/** Waits after the first, second, … failed attempt: two days in all. */
const WAITS_MS = [0.2, 1, 5, 30, 120, 360, 720, 1_440].map((minutes) => minutes * MINUTE_MS);

/** A server that came back is not hit by everything at once: each wait is stretched by up to this share. */
const JITTER = 0.2;

/** When to try again after `attempts` failed ones; undefined when it is time to give up. `random` is in [0, 1). */
export function retryMailAt(attempts: number, nowMs: number, random: number): Date | undefined {
  const wait = WAITS_MS[attempts - 1];
  return wait === undefined ? undefined : new Date(nowMs + wait * (1 + JITTER * random));
}
