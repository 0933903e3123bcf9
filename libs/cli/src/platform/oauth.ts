/** What the command says to a platform’s authorization server (RFC 6749, RFC 8628, RFC 7009). */
import { ConclaveError } from '@conclave/contracts';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Tokens } from './logins.js';

export const CLIENT_ID = 'conclave-cli';
const TIMEOUT_MS = 15_000;

/** The answer of the server: what it gives, or why not. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @throws ConclaveError `service.unavailable` */
export async function ask(
  url: string,
  endpoint: 'device_authorization' | 'token' | 'revoke',
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(`${url}/oauth/${endpoint}`, {
    method: 'POST',
    redirect: 'error',
    headers: { accept: 'application/json', 'user-agent': `conclave-cli (${process.platform})` },
    body: new URLSearchParams({ client_id: CLIENT_ID, ...form }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    const { code } = ((cause as Error).cause ?? cause) as { code?: unknown };
    throw new ConclaveError('service.unavailable', { url, reason: typeof code === 'string' ? code : 'no answer' });
  });
  const text = await response.text();
  return { status: response.status, body: jsonOf(text) };
}

/** The tokens in an answer. @throws Fault `cli.refused` */
export function tokensIn(url: string, { status, body }: Answer): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresInS } = body;
  if (status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string')
    throw refused(url, { status, body });
  return { accessToken, refreshToken, expiresAt: Date.now() + Number(expiresInS) * 1_000 };
}

/** @returns the fault that stands for an answer nobody expected */
export function refused(url: string, { status, body }: Answer): Fault {
  const said = [body['error'], body['error_description']].filter((part) => typeof part === 'string').join(': ');
  const unknown = status === 404 || said === '';
  return new Fault(
    status >= 500 ? EXIT.unreachable : EXIT.refused,
    'cli.refused',
    `${url} answers ${status}${said === '' ? '' : ` (${said})`}`,
    unknown ? 'Is this the address of a Conclave platform, and does its operator set PUBLIC_URL?' : undefined,
  );
}

function jsonOf(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer['body']) : {};
  } catch {
    return {};
  }
}
