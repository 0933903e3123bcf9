/** What happened in a run of the chaos suite, as clients, disturbers and the database tell it. */

/** A run as it was asked for. */
export interface WantedRun {
  readonly id: string;
  readonly tenant: string;
  /** Shared with other runs of the tenant. */
  readonly session: string | undefined;
  readonly tasks: readonly WantedTask[];
}

export interface WantedTask {
  readonly id: string;
  readonly turns: number;
  /** In every turn. */
  readonly steps: number;
}

/** A line that a worker's process wrote down when it happened to it. */
export interface Line {
  /** Which process, each start of a worker being another. */
  readonly process: string;
  /**
   * `claimed`: it was given the turn; `effect`: it begins a step's work; `released`: the hold of that work is given up;
   * `kept`: the journal has a step; `left`: the work ended otherwise; `ended`: the turn's end is committed; `fenced`: a write was refused.
   */
  readonly what: 'claimed' | 'effect' | 'released' | 'kept' | 'left' | 'ended' | 'fenced';
  /** Milliseconds of the machine's clock. */
  readonly at: number;
  readonly run: string;
  readonly task: string;
  readonly no: number;
  readonly epoch: number;
  readonly step?: string;
  /** The key of an effect. */
  readonly key?: string;
}

export interface Disturbance {
  readonly kind: 'kill' | 'freeze' | 'postgres' | 'nats' | 'redis';
  /** The process that was killed or frozen. */
  readonly process?: string;
  readonly from: number;
  readonly to: number;
}

/** What the database holds when all is over. */
export interface Stored {
  readonly runs: readonly {
    readonly id: string;
    readonly state: string;
    readonly nextSeq: number;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly events: number;
    /** Of the types that are told once. */
    readonly created: number;
    readonly started: number;
    readonly ended: number;
    readonly outboundCreated: number;
    readonly outboundEnded: number;
  }[];
  readonly tasks: readonly { readonly run: string; readonly id: string; readonly state: string }[];
  readonly turns: readonly {
    readonly run: string;
    readonly task: string;
    readonly no: number;
    readonly state: string;
    readonly epoch: number;
    /** How often its story says so. */
    readonly told: number;
  }[];
  readonly steps: readonly {
    readonly run: string;
    readonly task: string;
    readonly name: string;
    readonly no: number;
    readonly epoch: number;
    readonly pos: number;
  }[];
  readonly openWaits: number;
  readonly workersLeft: number;
  /** Outbound events without a place, and places without an event. */
  readonly unplaced: number;
  readonly placeGaps: number;
  /** What was held when the last run had ended. */
  readonly held: Held;
  /** What was held when all that had been held by then was over, and swept. */
  readonly heldForGood: Held;
  /** Turns that were taken from a worker that was thought dead. */
  readonly burials: readonly Pick<Line, 'run' | 'task' | 'no' | 'epoch' | 'at'>[];
}

export interface Held {
  /** Keys of effects that still hold something back. */
  readonly keys: readonly string[];
  /** What all budgets hold back. */
  readonly micros: number;
  /** What they hold back beyond those effects, or less. */
  readonly astrayMicros: number;
}

export interface History {
  readonly wanted: readonly WantedRun[];
  readonly lines: readonly Line[];
  readonly disturbances: readonly Disturbance[];
  readonly stored: Stored;
}
