/** A model as the panel needs it: one question, one structured answer, with what it cost. */
export interface ModelPort {
  /** @throws ModelError when the provider fails or its answer does not fit the schema */
  judge(request: ModelRequest): Promise<ModelAnswer>;
  /** @throws ModelError when the provider fails or says nothing */
  complete(request: ChatRequest): Promise<ChatAnswer>;
  /** The most such a request can cost; undefined when nobody has named the model's price. */
  boundMicros(request: { readonly texts: readonly string[]; readonly maxOutputTokens?: number }): number | undefined;
}

export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest extends Omit<ModelRequest, 'system' | 'prompt'> {
  readonly system?: string | undefined;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
}

export interface ChatAnswer {
  readonly text: string;
  readonly usage: ModelUsage;
}

export interface ModelRequest {
  readonly system: string;
  readonly prompt: string;
  /** Longer than this the provider is not waited for. */
  readonly timeoutMs: number;
  /** How often it is asked again at once when it is out or limits us; once unless told. */
  readonly retries?: number;
  /** Hears the answer's text as it comes. */
  readonly onText?: (text: string) => void;
  /** The caller gives up: its reason is thrown, and no ModelError. */
  readonly signal: AbortSignal;
}

export interface ModelVerdict {
  readonly vote: 'yes' | 'no' | 'abstain';
  readonly reason: string;
  readonly findings: readonly {
    readonly path: string;
    readonly line: number;
    readonly severity: 'error' | 'warning' | 'info';
    readonly message: string;
  }[];
}

export interface ModelUsage {
  readonly inputTokens: number;
  /** Of the input, what the provider had cached. */
  readonly cachedTokens?: number;
  readonly outputTokens: number;
  /** Millionths of a US dollar against the price table; 0 for a model it does not list. */
  readonly costMicros: number;
}

export interface ModelAnswer {
  readonly verdict: ModelVerdict;
  readonly usage: ModelUsage;
}

/**
 * `passing` = worth trying again later (rate limit, outage); otherwise the answer itself was unusable. `restMs` is for how
 * long the provider asked to be left alone.
 */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    message: string,
    readonly passing: boolean,
    readonly usage: ModelUsage,
    options?: ErrorOptions,
    readonly restMs?: number,
  ) {
    super(message, options);
  }
}

/** A configured way to a model. */
export interface ModelRoute {
  /** `provider/model`. */
  readonly id: string;
  /** The vendor's line: the electorate's diversity is counted in families. */
  readonly family: string;
  readonly port: ModelPort;
}
