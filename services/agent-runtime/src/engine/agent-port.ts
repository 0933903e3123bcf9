import type { RunEvent } from '@conclave/contracts';

/** A JSON value that survives the journal. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What a task waits for. The first of answer and expiry wins; expiry answers with the default. */
export interface WaitSpec {
  readonly kind: 'decision-sealed' | 'reveal-opened';
  readonly key: string;
  readonly expiresInMs: number;
  readonly defaultAnswer: Json;
}

export interface TaskSpec {
  /** Unique within the run, such as `juror/secrets`. */
  readonly id: string;
  readonly agent: string;
  readonly input: Json;
  /** Its first turn may take minutes. */
  readonly slow?: boolean;
}

/** How an activation ends. */
export type Activation =
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'parked'; readonly wait: WaitSpec; readonly spawn?: readonly TaskSpec[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** One activation of an agent, as the agent sees it. */
export interface Turn {
  readonly tenantId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly input: Json;
  /** The run's own input. */
  readonly runInput: Json;
  /** What the last wait was answered with; undefined in a task's first turn. */
  readonly answer: Json | undefined;
  /** Aborts when the turn is no longer ours: lease lost, run canceled, shutdown. */
  readonly signal: AbortSignal;
  /**
   * Does something once: the result is journaled under `name`, and a later activation reads it instead. A step that
   * was under way when its worker died is done again, so effects carry keys of their own.
   */
  step<T extends Json>(name: string, work: () => Promise<T>): Promise<T>;
  /** Adds a line to the run's story; at most once per (task, name). */
  tell(name: string, type: string, data: RunEvent['data']): Promise<void>;
  /** What every task of the run has journaled under `name`, by task id. */
  stepsOf(name: string): Promise<Readonly<Record<string, Json>>>;
}

/**
 * An agent is anything that takes a task and moves it on. It is activated, does steps, and is done or parked; between
 * activations nothing of it is in memory.
 */
export interface AgentPort {
  readonly name: string;
  activate(turn: Turn): Promise<Activation>;
  /** Called instead after `activate` kept failing: the agent's way to end without leaving others waiting. */
  giveUp(turn: Turn, reason: string): Promise<Activation>;
}
