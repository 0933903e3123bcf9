/** When work that failed is tried again; all times in milliseconds. */
export interface RetrySchedule {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/**
 * The pause before attempt `failures + 1`. `random` in [0, 1) spreads retries over the upper half of the pause, so
 * that what failed together does not come back together.
 */
export function retryDelayMs(schedule: RetrySchedule, failures: number, random: number): number {
  const full = Math.min(schedule.maxMs, schedule.firstMs * schedule.factor ** Math.max(0, failures - 1));
  return Math.round(full * (0.5 + random / 2));
}
