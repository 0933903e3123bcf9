import { setTimeout as after } from 'node:timers/promises';

/** Waits for `work`, but at most `ms`. @returns whether it was done in time; its failure is the caller's */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([work.then(() => true), after(Math.max(0, ms), false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
