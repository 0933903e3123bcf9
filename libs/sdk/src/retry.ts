import { ConclaveError } from '@conclave/contracts';

/** When a call is sent again. */
export interface RetrySchedule {
  readonly attempts: number;
  /** Ceiling of the pause before the second attempt; it doubles from there. The pause is drawn below it (full jitter). */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultRetrySchedule: RetrySchedule = { attempts: 5, firstPauseMs: 200, longestPauseMs: 5_000 };

/** Whether the same request may succeed later although nobody changed it. */
export const isPassing = (error: unknown): error is ConclaveError =>
  error instanceof ConclaveError &&
  ['service.unavailable', 'request.rate-limited', 'request.deadline', 'consensus.voter-key.pending'].includes(
    error.code,
  );

/** Runs `attempt` until it succeeds, fails for good, or the schedule ends. A told Retry-After is waited out. */
export async function withRetries<T>(
  schedule: RetrySchedule,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= schedule.attempts || signal?.aborted || !isPassing(error)) throw error;
      await pause(pauseMs(schedule, n, error), signal);
    }
  }
}

function pauseMs(schedule: RetrySchedule, failures: number, error: ConclaveError): number {
  const ceiling = Math.min(schedule.firstPauseMs * 2 ** (failures - 1), schedule.longestPauseMs);
  const toldS = error.params['retryAfterS'];
  return Math.random() * ceiling + (typeof toldS === 'number' ? toldS * 1_000 : 0);
}

/** Waits; rejects with the signal's reason when it is aborted meanwhile. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}
