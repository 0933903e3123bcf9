/** How a webhook proves who sent it: Standard Webhooks 1.0.0, symmetric signature `v1`. */
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** 256 random bits, in the spelling that receivers' libraries expect. */
export const newWebhookSecret = (): string => PREFIX + randomBytes(32).toString('base64');

export interface WebhookMessage {
  /** Stays the same over all attempts, so that a receiver can drop repeats. */
  readonly id: string;
  /** Of this attempt, in seconds since the epoch; receivers refuse old ones. */
  readonly timestamp: number;
  readonly body: string;
}

/** The three headers of one attempt. */
export function webhookHeaders(secret: string, { id, timestamp, body }: WebhookMessage): Record<string, string> {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}
