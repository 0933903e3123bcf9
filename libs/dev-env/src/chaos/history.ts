/** What happened in a run of the chaos suite, as clients, disturbers and the database tell it. */

/** A run as it was asked for. */
export interface WantedRun {
  readonly id: string;
  readonly tenant: string;
  readonly workspace: string;
  /** The run it is a child of: what it spends counts there, too. */
  readonly parent?: string | undefined;
  /** Shared with other runs of the tenant. */
  readonly session?: string | undefined;
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
   * `claimed`: it was given the turn; `asked`: it asks budgets to hold what a step's work may cost, `refused`: they do
   * not; `effect`: it begins that work; `paid`: what it cost is booked, or nothing, and its hold is given up;
   * `kept`: the journal has a step; `left`: the work ended otherwise; `ended`: the turn's end is committed; `fenced`: a write was refused.
   */
  readonly what: 'claimed' | 'asked' | 'refused' | 'effect' | 'paid' | 'kept' | 'left' | 'ended' | 'fenced';
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

/** An event of a run's story. */
export interface HeardEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ClientAnswer {
  readonly task: string;
  readonly answer: string;
  /** Of the last reply, and the code of the refusal if it was one. */
  readonly status: number;
  readonly code?: string | undefined;
}

/** What a client wrote down of one run that it asked the edge for. */
export interface ClientStory {
  /** The Idempotency-Key of its creation. */
  readonly key: string;
  /** The run that each reply named. */
  readonly created: readonly string[];
  /** In the order in which its streams told them, one stream after the other. */
  readonly heard: readonly HeardEvent[];
  readonly streams: number;
  readonly answers: readonly ClientAnswer[];
  /** What no good client should meet. */
  readonly faults: readonly string[];
}

export interface Disturbance {
  /** `edge`: gateway, auth or the runtime's api is killed or told to end. */
  readonly kind: 'kill' | 'freeze' | 'postgres' | 'nats' | 'redis' | 'edge';
  /** The process that was met. */
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
  }[];
  /** How often the story says that a task has done its `turn`-th turn, waits for money not counted. */
  readonly told: readonly {
    readonly run: string;
    readonly task: string;
    readonly turn: number;
    readonly times: number;
  }[];
  /** Turns that ended in a wait for room in a budget, and how that wait ended. */
  readonly parked: readonly {
    readonly run: string;
    readonly task: string;
    readonly no: number;
    readonly state: string;
  }[];
  readonly steps: readonly {
    readonly run: string;
    readonly task: string;
    readonly name: string;
    readonly no: number;
    readonly epoch: number;
    readonly pos: number;
  }[];
  readonly clientRuns: readonly ClientRun[];
  readonly openWaits: number;
  readonly workersLeft: number;
  /** Outbound events without a place, and places without an event. */
  readonly unplaced: number;
  readonly placeGaps: number;
  /** When the last run had ended. */
  readonly money: Money;
  /** When all that had been held by then was over, and swept. */
  readonly moneyAfterwards: Money;
  /** Turns that were taken from a worker that was thought dead. */
  readonly burials: readonly Pick<Line, 'run' | 'task' | 'no' | 'epoch' | 'at'>[];
}

/** A run that a client asked for. */
export interface ClientRun {
  readonly id: string;
  readonly events: readonly HeardEvent[];
  /** People's answers that it waited for. */
  readonly waits: readonly { readonly task: string; readonly state: string; readonly answer: unknown }[];
  readonly result: unknown;
}

/** A cap on what is spent below a tenant, a workspace or a run, in micros. */
export interface Budget {
  readonly id: string;
  readonly tenant: string;
  readonly scope: 'tenant' | 'workspace' | 'run';
  readonly scopeId: string;
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
}

/** What one call of a run, named by its key, holds or has cost. */
export interface Sum {
  readonly run: string;
  readonly key: string;
  readonly micros: number;
}

/** All of one moment. */
export interface Money {
  readonly budgets: readonly Budget[];
  readonly holds: readonly Sum[];
  readonly ledger: readonly Sum[];
}

/** What somebody read of the budgets while all went on. */
export interface Reading {
  readonly at: number;
  readonly budgets: readonly Budget[];
}

export interface History {
  readonly wanted: readonly WantedRun[];
  readonly lines: readonly Line[];
  readonly disturbances: readonly Disturbance[];
  readonly readings: readonly Reading[];
  readonly clients: readonly ClientStory[];
  readonly stored: Stored;
}
