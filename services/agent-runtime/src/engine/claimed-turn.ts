/** Which turn: the `no`-th activation of a task. */
export interface TurnKey {
  readonly tenantId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly no: number;
}

/** A turn as its worker holds it. */
export interface ClaimedTurn extends TurnKey {
  readonly epoch: number;
  /** How often it was claimed, this time included. */
  readonly attempt: number;
  /** Activations that threw. */
  readonly failures: number;
  /** Activations whose worker died or froze under them. */
  readonly lost: number;
  /** Whether it counts against the share of the slots that slow turns have. */
  readonly slow: boolean;
  readonly lastError: string | null;
}
