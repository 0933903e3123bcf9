import type { Attempts } from '@conclave/run-core';
import type { Json, StoryLine } from './agent-port.js';

/** Which turn: the `no`-th activation of a task. */
export interface TurnKey {
  readonly tenantId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly no: number;
}

export const turnKey = ({ runId, taskId, no }: TurnKey): string => `${runId}/${taskId}/${no}`;

/** A turn as its worker holds it. */
export interface ClaimedTurn extends TurnKey, Attempts {
  /** The worker that holds it. */
  readonly owner: string;
  readonly epoch: number;
  /** How often it was claimed, this time included. */
  readonly attempt: number;
  /** Whether it counts against the share of the slots that slow turns have. */
  readonly slow: boolean;
  /** Whether its end may let another start: of its session, or below its tenant's bounds. */
  readonly excludes: boolean;
  readonly agent: string;
  /** Whose service it counts for where there are caps, until it asks another one. */
  readonly provider: string | null;
  readonly workspaceId: string;
  /** The run that waits for the end of this one. */
  readonly parentRunId: string | null;
  /** Who asked for the run. */
  readonly actor: string;
  readonly input: Json;
  readonly runInput: Json;
  /** When the run was created. */
  readonly createdAt: Date;
  /** What the task's last wait was answered with. */
  readonly answer: Json | undefined;
  /** Whether its end is being written, which finds out itself whether the turn is still held. */
  ending?: boolean;
  /** Whether viewers have heard of it what no step has kept. */
  spoken?: boolean;
  /** What is journaled with what comes next. */
  last?: { readonly name: string; readonly result: Json; readonly story: readonly StoryLine[] } | undefined;
  /** What the task has journaled, by name. */
  readonly journal: Map<string, Json>;
}

/** The turn is no longer ours: another worker has it, or its run was canceled. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** Somebody paused the run: the turn goes back as it is. */
export class Paused extends Error {
  override readonly name = 'Paused';
}
