/** Rows of the engine's tables, as far as its rules read them. Times are in milliseconds. */
import type { BudgetState } from '../budget.js';
import type { Attempts } from '../hopelessness.js';
import type { RunState, TaskState, TurnState, WaitState } from '../run.states.js';

export interface RunRow {
  readonly id: string;
  state: RunState;
  pausedFrom: RunState | null;
  /** Spawned tasks that have not ended. */
  openTasks: number;
  readonly session: string | null;
  readonly parent: string | null;
  dueAt: number | null;
  /** How many messages it was sent. */
  messages: number;
}

export interface TaskRow {
  readonly run: string;
  readonly id: string;
  state: TaskState;
  /** Of what it depends on, how many are not done. */
  remaining: number;
  readonly dependants: readonly string[];
}

export interface TurnKey {
  readonly run: string;
  readonly task: string;
  readonly no: number;
}

export interface TurnRow extends TurnKey {
  state: TurnState;
  epoch: number;
  owner: string | null;
  control: 'pause' | null;
  attempt: number;
  failures: number;
  lost: number;
  readonly session: string | null;
  readonly readyAt: number;
}

export interface WaitRow extends TurnKey {
  readonly kind: string;
  readonly key: string;
  state: WaitState;
  readonly expiresAt: number;
  answer: string | null;
}

export interface WorkerRow {
  beatAt: number;
  /** No two beats are alike. */
  beat: number;
  /** The server on which it took its lock. */
  server: number;
}

/** A turn as its worker was given it. */
export interface Hold extends TurnKey, Attempts {
  readonly owner: string;
  readonly epoch: number;
  /** The steps that its task has journaled, each with the messages it heard. */
  readonly journal: Map<string, readonly number[]>;
}

/** How an activation ends. */
export type Ending =
  | { readonly kind: 'done' | 'failed' }
  | {
      readonly kind: 'parked';
      readonly wait: { readonly kind: string; readonly key: string; readonly expiresInMs: number };
      readonly spawn?: readonly { readonly id: string; readonly dependsOn: readonly string[] }[];
    };

/** A call of a model: what is held for it, and whether it was booked. */
export interface CallRow {
  held: number;
  booked: boolean;
}

export interface BudgetRow {
  state: BudgetState;
  readonly calls: Map<string, CallRow>;
}
