import { APICallError, NoObjectGeneratedError, Output, RetryError, streamText, type LanguageModel } from 'ai';
import { z } from 'zod';
import { ModelError, type ModelAnswer, type ModelPort, type ModelRequest, type ModelUsage } from './model-port.js';
import { costMicros } from './price-table.js';

const MAX_OUTPUT_TOKENS = 8_000;

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
  ) {}

  async judge({ system, prompt, timeoutMs, signal }: ModelRequest): Promise<ModelAnswer> {
    let failure: unknown;
    const patience = AbortSignal.timeout(timeoutMs);
    const stream = streamText({
      model: this.model,
      system,
      prompt,
      output: Output.object({ schema: verdictSchema }),
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      maxRetries: 1,
      abortSignal: AbortSignal.any([signal, patience]),
      onError: ({ error }) => void (failure = error),
    });
    try {
      const verdict = await stream.output;
      return { verdict, usage: this.usageOf(await stream.usage) };
    } catch (error) {
      signal.throwIfAborted();
      const usage = this.usageOf(await Promise.resolve(stream.usage).catch(() => undefined));
      if (patience.aborted)
        throw new ModelError(`the provider gave no answer in ${timeoutMs / 1_000} s`, true, usage, { cause: error });
      throw modelErrorOf(failure ?? error, usage);
    }
  }

  private usageOf(
    usage: { inputTokens?: number | undefined; outputTokens?: number | undefined } | undefined,
  ): ModelUsage {
    const inputTokens = usage?.inputTokens ?? 0;
    const outputTokens = usage?.outputTokens ?? 0;
    return { inputTokens, outputTokens, costMicros: costMicros(this.name, inputTokens, outputTokens) };
  }
}

function modelErrorOf(error: unknown, usage: ModelUsage): ModelError {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (NoObjectGeneratedError.isInstance(cause))
    return new ModelError('the answer does not have the asked form', false, usage, { cause });
  const passing = !APICallError.isInstance(cause) || cause.isRetryable;
  const status = APICallError.isInstance(cause) && cause.statusCode ? ` (${cause.statusCode})` : '';
  return new ModelError(`the provider failed${status}`, passing, usage, { cause });
}
