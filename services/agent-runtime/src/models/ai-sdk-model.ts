import {
  APICallError,
  NoObjectGeneratedError,
  Output,
  RetryError,
  streamText,
  type LanguageModel,
  type LanguageModelUsage,
} from 'ai';
import { EgressRefusedError, EgressUnresolvedError } from '@conclave/nest-kit/egress';
import { z } from 'zod';
import {
  ModelError,
  type ChatAnswer,
  type ChatRequest,
  type ModelAnswer,
  type ModelPort,
  type ModelRequest,
  type ModelUsage,
} from './model-port.js';
import type { PriceTable } from './price-table.js';

const MAX_OUTPUT_TOKENS = 8_000;
/** What providers put around a request, such as roles and the schema of the answer. */
const FRAME_TOKENS = 4_000;

/** The structured ballot a model is asked for. */
const verdictSchema = z.object({
  vote: z.enum(['yes', 'no', 'abstain']).describe('yes = merge, no = do not merge, abstain = cannot tell'),
  reason: z.string().max(2_000).describe('one or two sentences'),
  findings: z
    .array(
      z.object({
        path: z.string().max(1_000).describe('a path of the change'),
        line: z.number().int().min(1).describe('1-based line in the new version of the file'),
        severity: z.enum(['error', 'warning', 'info']),
        message: z.string().max(1_000),
      }),
    )
    .max(50),
});

/** Any provider of the AI SDK behind the ModelPort; answers are streamed, so a stalled provider is noticed and aborted. */
export class AiSdkModel implements ModelPort {
  constructor(
    private readonly model: LanguageModel,
    private readonly name: string,
    private readonly prices: PriceTable,
  ) {}

  /** A token is a byte at least; thinking counts as output. */
  boundMicros({ texts, maxOutputTokens = MAX_OUTPUT_TOKENS }: Parameters<ModelPort['boundMicros']>[0]) {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return this.prices.boundOf(this.name, bytes + FRAME_TOKENS, maxOutputTokens);
  }

  judge({ system, prompt, ...request }: ModelRequest): Promise<ModelAnswer> {
    const output = Output.object({ schema: verdictSchema });
    return this.guarded(request, async (common) => {
      const stream = streamText({ ...common, system, prompt, output, maxOutputTokens: MAX_OUTPUT_TOKENS });
      return { usage: stream.usage, answer: async () => ({ verdict: await stream.output }) };
    });
  }

  complete({ system, messages, maxOutputTokens, ...request }: ChatRequest): Promise<ChatAnswer> {
    return this.guarded(request, async (common) => {
      const words = { ...(system !== undefined && { system }), messages: [...messages], maxOutputTokens };
      const stream = streamText({ ...common, ...words });
      return { usage: stream.usage, answer: async () => ({ text: saidOf(await stream.text) }) };
    });
  }

  /** Runs a call under its time limit; what fails leaves as a ModelError with what it had used. */
  private async guarded<T extends object>(
    { timeoutMs, retries = 1, onText, signal }: Asking,
    begin: (common: Common) => Promise<{ usage: PromiseLike<LanguageModelUsage>; answer: () => Promise<T> }>,
  ): Promise<T & { usage: ModelUsage }> {
    let failure: unknown;
    const patience = AbortSignal.timeout(timeoutMs);
    const call = await begin({
      model: this.model,
      maxRetries: retries,
      abortSignal: AbortSignal.any([signal, patience]),
      onChunk: ({ chunk }) => {
        if (chunk.type === 'text-delta') onText?.(chunk.text);
      },
      onError: ({ error }) => void (failure = error),
    });
    try {
      const answer = await call.answer();
      return { ...answer, usage: this.usageOf(await call.usage) };
    } catch (error) {
      signal.throwIfAborted();
      const usage = this.usageOf(await Promise.resolve(call.usage).catch(() => undefined));
      if (patience.aborted)
        throw new ModelError(`the provider gave no answer in ${timeoutMs / 1_000} s`, true, usage, { cause: error });
      throw modelErrorOf(failure ?? error, usage);
    }
  }

  private usageOf(
    usage: Pick<LanguageModelUsage, 'inputTokens' | 'outputTokens' | 'inputTokenDetails'> | undefined,
  ): ModelUsage {
    const tokens = {
      inputTokens: usage?.inputTokens ?? 0,
      cachedTokens: usage?.inputTokenDetails.cacheReadTokens ?? 0,
      outputTokens: usage?.outputTokens ?? 0,
    };
    return { ...tokens, costMicros: this.prices.costOf(this.name, tokens) ?? 0 };
  }
}

type Asking = Pick<ModelRequest, 'timeoutMs' | 'retries' | 'onText' | 'signal'>;

/** What both kinds of call give the SDK. */
type Common = Pick<Parameters<typeof streamText>[0], 'model' | 'maxRetries' | 'abortSignal' | 'onChunk' | 'onError'>;

/** An answer without a word: another one would most likely have none either. */
class SaidNothing extends Error {
  override readonly name = 'SaidNothing';
}

function saidOf(text: string): string {
  if (text.length === 0) throw new SaidNothing('the model said nothing');
  return text;
}

function modelErrorOf(error: unknown, usage: ModelUsage): ModelError {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (NoObjectGeneratedError.isInstance(cause))
    return new ModelError('the answer does not have the asked form', false, usage, { cause });
  if (cause instanceof SaidNothing) return new ModelError(cause.message, false, usage, { cause });
  if (cause instanceof EgressRefusedError) {
    const passing = cause instanceof EgressUnresolvedError;
    return new ModelError(`the provider may not be asked: ${cause.message}`, passing, usage, { cause });
  }
  const passing = !APICallError.isInstance(cause) || cause.isRetryable;
  const status = APICallError.isInstance(cause) && cause.statusCode ? ` (${cause.statusCode})` : '';
  return new ModelError(`the provider failed${status}`, passing, usage, { cause }, restOf(cause));
}

/** For how long the provider asked to be left alone: seconds, milliseconds or a date, as they have it. */
function restOf(cause: unknown): number | undefined {
  const headers = APICallError.isInstance(cause) ? cause.responseHeaders : undefined;
  const after = headers?.['retry-after'] ?? '';
  const toldMs = [
    Number(headers?.['retry-after-ms'] || NaN),
    Number(after || NaN) * 1_000,
    Date.parse(after) - Date.now(),
  ];
  return toldMs.find((ms) => ms >= 0);
}
