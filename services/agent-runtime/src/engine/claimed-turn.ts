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
  readonly failures: number;
  readonly lastError: string | null;
}
