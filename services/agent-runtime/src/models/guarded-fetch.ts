import { Egress, EgressRefusedError, heedsProxy } from '@conclave/nest-kit/egress';
import type { OpenAIProviderSettings } from '@ai-sdk/openai';
import type { ModelConfig } from '../config.js';

type Fetch = NonNullable<OpenAIProviderSettings['fetch']>;

/** No answer of a model is longer than this, with all that is said around it. */
const MAX_BYTES = 64 * 1024 ** 2;

/** The way out to models: their addresses are the operator's, and so is a proxy between. */
export const modelEgress = ({ MODELS_ALLOW }: ModelConfig): Egress => new Egress(MODELS_ALLOW, undefined, heedsProxy());

/** What the SDK asks with, as the platform's `fetch`, through the guard and without redirects. */
export const guardedFetch =
  (egress: Egress): Fetch =>
  async (input, { method = 'GET', headers, body, signal } = {}) => {
    const stop = signal ?? new AbortController().signal;
    const request = {
      ...{ method, headers: Object.fromEntries(new Headers(headers)), signal: stop },
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
    };
    try {
      return await egress.stream(input instanceof Request ? input.url : input.toString(), request, MAX_BYTES);
    } catch (cause) {
      if (stop.aborted || cause instanceof EgressRefusedError) throw cause;
      // So the SDK knows an outage, which it asks again after.
      throw new TypeError('fetch failed', { cause });
    }
  };

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  throw new Error('a body that is no text');
}
