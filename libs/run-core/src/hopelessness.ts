/** When a turn is not tried again: its agent keeps failing, or it may be what kills its workers. */

/** What came of a turn so far. */
export interface Attempts {
  /** Activations that threw. */
  readonly failures: number;
  /** Activations whose worker died or froze under them. */
  readonly lost: number;
  readonly lastError: string | null;
}

/** Before the agent is asked to give up. */
const MAX_FAILURES = 3;
const MAX_LOST = 5;

/** Why a turn is not tried again, if it is not. */
export function hopelessness({ failures, lost, lastError }: Attempts): string | undefined {
  if (failures >= MAX_FAILURES) return lastError ?? 'unknown';
  return lost >= MAX_LOST ? `its worker died or froze ${lost} times` : undefined;
}
