import type { RunEvent } from '@conclave/contracts';

/** A JSON value that survives the journal. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What tasks wait for: somebody's word, something's end, or a time. */
export type WaitKind =
  | 'decision-sealed'
  | 'reveal-opened'
  | 'tasks'
  | 'run'
  | 'command'
  | 'human'
  | 'effect'
  | 'event'
  | 'timer'
  | 'budget'
  | 'rate';

/** What a task waits for. The first of answer and expiry wins; expiry answers with the default. */
export interface WaitSpec {
  readonly kind: WaitKind;
  readonly key: string;
  readonly expiresInMs: number;
  readonly defaultAnswer: Json;
  /** What a person needs to answer. */
  readonly about?: Json;
}

export interface TaskSpec {
  /** Unique within the run, such as `juror/secrets`. */
  readonly id: string;
  readonly agent: string;
  readonly input: Json;
  /** Tasks of the same run that have to be done before. */
  readonly dependsOn?: readonly string[];
  /** Its first turn may take minutes. */
  readonly slow?: boolean;
  /** Whose service it uses, for caps. */
  readonly provider?: string;
}

/** How an activation ends. */
export type Activation =
  | { readonly kind: 'done'; readonly result: Json }
  | {
      readonly kind: 'parked';
      readonly wait: WaitSpec;
      readonly spawn?: readonly TaskSpec[];
      /** The effect that goes on in this process until the turn's signal aborts; its end answers the wait. */
      readonly goesOn?: { readonly effect: string; readonly end: Promise<Json> };
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * What a repeat of an effect would do: `retry` nothing worse; `keyed` nothing, as the other side knows its key;
 * `unsafe` the same again.
 */
export type EffectClass = 'retry' | 'keyed' | 'unsafe';

/** A line of a run's story. */
export type StoryLine = { readonly type: string; readonly data: RunEvent['data'] };

/** Something a person said to the run. */
export interface Steering {
  readonly no: number;
  readonly text: string;
}

/** One activation of an agent, as the agent sees it. */
export interface Turn {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly runId: string;
  readonly taskId: string;
  /** Who asked for the run. */
  readonly actor: string;
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
   * A step inside another one's work is named below it: `judge/ask/1`.
   */
  step<T extends Json>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Like `step`, for what is likely to be the turn's last: the result is journaled with what comes next, the end of the
   * turn or the next step, which begins no work before. Until then its agent tells nobody of it.
   */
  lastStep<T extends Json>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Where the text of a model call goes while it comes, for whoever watches; `call` is unique within the turn. Nothing of
   * it is kept, and viewers forget it when the turn is done again.
   */
  speaker(call: string): (text: string) => void;
  /** Counts the turn for a provider that it is about to ask. @returns whether that provider's cap has room for it */
  asks(provider: string): Promise<boolean>;
  /**
   * Does something to the world outside, once its result is journaled. `work` gets a key that is the same whenever it is
   * done again. An unsafe effect found begun and not ended is not done again: the task parks until a person has said
   * what became of it. Work that throws `Outlasts` goes on, and the task parks until its end.
   */
  effect<T extends Json>(name: string, kind: EffectClass, work: (key: string) => Promise<T>): Promise<T>;
  /** What people said until now and no earlier call told; journaled under `name`. */
  steering(name: string): Promise<readonly Steering[]>;
  /** The results of tasks that are done, by id. @throws ResultsTooLarge beyond what one turn may hold */
  resultsOf(taskIds: readonly string[]): Promise<Readonly<Record<string, Json>>>;
  /**
   * Adds a line to the run's story, with what comes next as `lastStep` does: whoever reads that somebody is asked can
   * answer. At most once per (task, name).
   */
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
  /** Whether runs of it may have cost something. */
  readonly spends?: boolean;
  activate(turn: Turn): Promise<Activation>;
  /** Called instead after `activate` kept failing: the agent's way to end without leaving others waiting. */
  giveUp(turn: Turn, reason: string): Promise<Activation>;
}

/** What a turn may hold of other tasks' results, as JSON text. */
export const RESULTS_LIMIT_BYTES = 8_388_608;

/** Together the results asked for are more than a turn may hold. */
export class ResultsTooLarge extends Error {
  override readonly name = 'ResultsTooLarge';
  constructor() {
    super(`the results it takes in have more than ${RESULTS_LIMIT_BYTES} bytes`);
  }
}
