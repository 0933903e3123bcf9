import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';

/** Event types a webhook can subscribe to. */
export const webhookEventTypes = [
  'decision.sealed',
  'decision.wave-opened',
  'run.completed',
  'run.failed',
  'budget.threshold',
  'log.contested',
  'log.damaged',
  'break-glass.opened',
] as const;

/** How lines of log entries are written, in exports and to webhooks. */
export const entryFormats = ['jsonl', 'ocsf', 'cef', 'rfc5424'] as const;

const webhook = z.object({
  id: idOf('webhook'),
  url: z.url(),
  events: z.array(z.enum(webhookEventTypes)),
  /** Every entry of the audit log, too, from the index `from` on; without `from`, those that come after the webhook. */
  entries: z.object({ format: z.enum(entryFormats), from: z.number().int().optional() }).optional(),
  createdAt: timestamp,
  disabledAt: timestamp.optional(),
});

/** Deliveries are signed after the Standard Webhooks specification; the secret (`whsec_…`) is shown once. */
export const createWebhook = contract({
  owner: 'delivery',
  subject: 'delivery.v1.webhook.create',
  permission: 'webhook:manage',
  attributes: ['url', 'events'],
  request: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).max(2_000),
      events: z.array(z.enum(webhookEventTypes)).default([]),
      entries: z.strictObject({ format: z.enum(entryFormats), from: z.number().int().min(0).optional() }).optional(),
    })
    .refine(({ events, entries }) => events.length > 0 || entries !== undefined, {
      path: ['events'],
      error: 'expected events, entries or both',
    }),
  reply: webhook.extend({ secret: z.string() }),
  errors: ['delivery.webhook.address', 'delivery.webhook.too-many'],
  http: {
    method: 'POST',
    path: '/v1/webhooks',
    status: 201,
    summary: 'Create a webhook; its secret is shown once',
    tag: 'webhooks',
    stability: 'stable',
  },
});

export const listWebhooks = contract({
  owner: 'delivery',
  subject: 'delivery.v1.webhook.list',
  permission: 'webhook:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(webhook),
  http: { method: 'GET', path: '/v1/webhooks', summary: 'List webhooks', tag: 'webhooks', stability: 'stable' },
});

export const deleteWebhook = contract({
  owner: 'delivery',
  subject: 'delivery.v1.webhook.delete',
  permission: 'webhook:manage',
  request: z.strictObject({ id: idOf('webhook') }),
  reply: webhook,
  errors: ['delivery.webhook.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/webhooks/{id}',
    summary: 'Delete a webhook',
    tag: 'webhooks',
    stability: 'stable',
  },
});

const delivery = z.object({
  id: idOf('delivery'),
  event: z.string(),
  type: z.string(),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int(),
  lastStatus: z.number().int().optional(),
  lastError: z.string().optional(),
  createdAt: timestamp,
  nextAttemptAt: timestamp.optional(),
});

export const listDeliveries = contract({
  owner: 'delivery',
  subject: 'delivery.v1.delivery.list',
  permission: 'webhook:manage',
  request: z.strictObject({ id: idOf('webhook'), ...pageQuery }),
  reply: pageOf(delivery),
  errors: ['delivery.webhook.not-found'],
  http: {
    method: 'GET',
    path: '/v1/webhooks/{id}/deliveries',
    summary: 'Deliveries of a webhook, newest first',
    tag: 'webhooks',
    stability: 'stable',
  },
});
