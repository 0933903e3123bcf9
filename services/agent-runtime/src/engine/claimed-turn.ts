/** A turn as its worker holds it. */
export interface ClaimedTurn {
  readonly tenantId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly no: number;
  readonly epoch: number;
  readonly failures: number;
  readonly lastError: string | null;
}
