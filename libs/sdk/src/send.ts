import { ConclaveError, errorOf } from '@conclave/contracts';

export interface Platform {
  /** Address of the edge, such as `https://conclave.example.com`. */
  readonly baseUrl: string;
  /** An API key, or what gives an access token for each request: told of one that was refused, another. */
  readonly apiKey: string | ((refused?: string) => Promise<string>);
  readonly fetch?: typeof fetch;
}

type SendInit = RequestInit & {
  /** Longest wait for the whole answer; none for a stream. */
  readonly timeoutMs?: number;
};

/**
 * Makes one HTTP request; the response is a success.
 *
 * @throws ConclaveError the refusal, or `service.unavailable` when the network failed
 */
export type Send = (target: string, init: SendInit) => Promise<Response>;

/** How long after the operation's own time limit its answer is still waited for. */
const NETWORK_MS = 5_000;

export function sender({ baseUrl, apiKey, fetch: fetchWith = fetch }: Platform): Send {
  const base = baseUrl.replace(/\/+$/, '');
  const ask = (target: string, credential: string, { timeoutMs, signal, headers, ...init }: SendInit) => {
    const signals = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs + NETWORK_MS)];
    return fetchWith(base + target, {
      ...init,
      redirect: 'error',
      headers: {
        accept: 'application/json',
        ...(headers as Record<string, string>),
        authorization: `Bearer ${credential}`,
      },
      signal: AbortSignal.any(signals.filter((one) => one !== undefined && one !== null)),
    }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw unreachable(base, cause);
    });
  };
  return async (target, init) => {
    const credential = typeof apiKey === 'string' ? apiKey : await apiKey();
    let response = await ask(target, credential, init);
    // A token can end while it travels. What was streamed is gone, and cannot be sent again.
    if (isRenewable(response) && typeof apiKey !== 'string' && !(init.body instanceof ReadableStream))
      response = await ask(target, await apiKey(credential), init);
    if (response.ok) return response;
    throw await refusalOf(response);
  };
}

/** Another token of the same grant proves no more of who its person is (RFC 9470). */
const isRenewable = ({ status, headers }: Response): boolean =>
  status === 401 && !headers.get('www-authenticate')?.includes('insufficient_user_authentication');

/** The refusal that stands for a network fault; `reason` is what the network said, such as ECONNREFUSED. */
export function unreachable(url: string, thrown: unknown): ConclaveError {
  const { code, message, cause } = thrown as { code?: unknown; message?: unknown; cause?: typeof thrown };
  if (typeof cause === 'object' && cause !== null) return unreachable(url, cause);
  const reason = typeof code === 'string' ? code : String(message);
  return new ConclaveError('service.unavailable', { url, reason }, { cause: thrown });
}

async function refusalOf(response: Response): Promise<ConclaveError> {
  const text = await response.text().catch(() => '');
  const retryAfterS = Number(response.headers.get('retry-after'));
  const waited = retryAfterS > 0 ? { retryAfterS } : {};
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    const { code, params } = errorOf(jsonOf(text));
    return new ConclaveError(code, { ...params, ...waited });
  }
  const away = response.status >= 502 && response.status <= 504;
  return new ConclaveError(away ? 'service.unavailable' : 'service.internal', { status: response.status, ...waited });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
