/** Whether a delivery is what its sender signed: Standard Webhooks 1.0.0, symmetric signature `v1`. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'whsec_';
/** An older or younger one may be a replay. */
const WINDOW_S = 300;

export interface SignedMessage {
  readonly message: string;
  /** Seconds since the epoch. */
  readonly timestamp: string;
  /** `v1,<base64>`, as many as the sender has keys, with spaces between. */
  readonly signature: string;
  readonly body: Buffer;
}

/** 256 random bits, in the spelling that senders' libraries expect. */
export const newHookSecret = (): string => PREFIX + randomBytes(32).toString('base64');

export function isSigned(secret: string, { message, timestamp, signature, body }: SignedMessage, now: Date): boolean {
  if (!/^[\x21-\x7e]{1,200}$/.test(message) || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > WINDOW_S) return false;
  const expected = createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(`${message}.${timestamp}.`)
    .update(body)
    .digest();
  return signature
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
