import {
  runtime,
  type Contract,
  type HttpBinding,
  type ReplyOf,
  type RequestInputOf,
  type RunEvent,
} from '@conclave/contracts';
import { followRun, type FollowOptions } from './follow-run.js';
import { httpParts } from './http-parts.js';
import { defaultRetrySchedule, withRetries, type RetrySchedule } from './retry.js';
import { sender, unreachable, type Platform } from './send.js';

export interface ClientOptions extends Platform {
  readonly retry?: RetrySchedule;
}

export interface CallOptions {
  /** Makes a write safe to send again: the owner answers a repeat with the first reply. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * Calls an operation by its contract. Reads, deletes and writes with an idempotency key are sent again on 429, 503,
   * 504 and network faults.
   *
   * @throws ConclaveError the refusal; `service.unavailable` when the platform cannot be reached
   */
  call<C extends Contract>(contract: C, request: RequestInputOf<C>, options?: CallOptions): Promise<ReplyOf<C>>;
  /** Uploads a git bundle. A blob or bytes are sent again on a fault (uploads are known by digest), a stream is not. */
  upload(body: Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, options?: CallOptions): Promise<Upload>;
  /** The bytes of an answer that is too long to be held, such as an export's, as they come. */
  download<C extends Contract>(
    contract: C,
    request: RequestInputOf<C>,
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<ReadableStream<Uint8Array>>;
  /** The events of a run from the first (or `after`) to the last, across disconnects. */
  followRun(id: string, options?: FollowOptions): AsyncGenerator<RunEvent, void>;
}

export type Upload = ReplyOf<typeof runtime.createUpload>;

/** A client of one platform with one credential. */
export function createClient(options: ClientOptions): Client {
  const send = sender(options);
  const schedule = options.retry ?? defaultRetrySchedule;
  const once: RetrySchedule = { ...schedule, attempts: 1 };

  const read = async (response: Response, as: HttpBinding['produces'] & string): Promise<unknown> => {
    try {
      if (as === 'bytes') return new Uint8Array(await response.arrayBuffer());
      return as === 'text' ? await response.text() : await response.json();
    } catch (cause) {
      throw unreachable(options.baseUrl, cause);
    }
  };

  const call: Client['call'] = async (contract, request, { idempotencyKey, signal } = {}) => {
    const { method, target, body } = httpParts(contract, request);
    const repeatable = method !== 'POST' || idempotencyKey !== undefined;
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    };
    const reply = await withRetries(repeatable ? schedule : once, signal, async () => {
      const response = await send(target, {
        ...init(signal),
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        timeoutMs: contract.timeoutMs,
      });
      return read(response, contract.http?.produces ?? 'json');
    });
    return reply as ReplyOf<typeof contract>;
  };

  return {
    call,
    async upload(body, { signal } = {}) {
      const { method, target } = httpParts(runtime.createUpload, {});
      const streamed = body instanceof ReadableStream;
      const reply = await withRetries(streamed ? once : schedule, signal, async () => {
        const headers = { 'content-type': 'application/octet-stream' };
        const timeoutMs = runtime.createUpload.timeoutMs;
        const response = await send(target, {
          ...init(signal),
          method,
          headers,
          body,
          timeoutMs,
          ...(streamed ? { duplex: 'half' } : {}),
        });
        return read(response, 'json');
      });
      return reply as Upload;
    },
    async download(contract, request, { signal } = {}) {
      const { method, target } = httpParts(contract, request);
      const response = await withRetries(schedule, signal, () => send(target, { ...init(signal), method }));
      return response.body ?? new ReadableStream();
    },
    followRun: (id, follow) => followRun(send, () => call(runtime.getRun, { id }), id, follow),
  };
}

const init = (signal: AbortSignal | undefined) => (signal ? { signal } : {});
