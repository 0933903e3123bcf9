/**
 * The NATS wire: the body is exactly the contract's JSON, everything else is a header. A refusal is a reply with
 * `conclave-error` set and an RFC 9457 problem document as its body, so any NATS client in any language can talk to us.
 */
import { headers as natsHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { ConclaveError, errorOf, problemOf } from '@conclave/contracts';

export const wireHeaders = {
  token: 'conclave-token',
  deadline: 'conclave-deadline',
  idempotencyKey: 'conclave-idempotency-key',
  error: 'conclave-error',
  trace: 'traceparent',
} as const;

/** NATS refuses larger messages by default (1 MiB); bytes travel by HTTP or blob. */
export const MAX_BODY_BYTES = 1_000_000;

export function encodeBody(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON of a body; an empty one is an empty object. @throws ConclaveError `request.malformed` */
export function decodeBody(data: Uint8Array): unknown {
  try {
    return data.length === 0 ? {} : JSON.parse(utf8.decode(data));
  } catch (cause) {
    throw new ConclaveError('request.malformed', {}, { cause });
  }
}

export function headersOf(entries: Readonly<Record<string, string | undefined>>): MsgHdrs {
  const result = natsHeaders();
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) result.set(key, value);
  return result;
}

export const headerOf = (message: Msg, key: string): string | undefined => message.headers?.get(key) || undefined;

/** The reply of a refused request. */
export function respondError(message: Msg, error: ConclaveError): void {
  message.respond(encodeBody(problemOf(error)), { headers: headersOf({ [wireHeaders.error]: error.code }) });
}

/** The reply's JSON. @throws ConclaveError what the owner refused with */
export function openReply(message: Msg): unknown {
  const body = decodeBody(message.data);
  if (headerOf(message, wireHeaders.error)) throw errorOf(body);
  return body;
}
