import type { ReplyOf, delivery } from '@conclave/contracts';
import { pageOf, type Tx } from '@conclave/postgres-kit';
import { IsNull, LessThan } from 'typeorm';
import { WebhookEntity, type WebhookEventType } from './webhook.entity.js';

export type Webhook = ReplyOf<typeof delivery.deleteWebhook>;

export async function insertWebhook(
  tx: Tx,
  webhook: Omit<WebhookEntity, 'failingSince' | 'disabledAt'>,
): Promise<Webhook> {
  const entity = { ...webhook, failingSince: null, disabledAt: null };
  await tx.entities.insert(WebhookEntity, entity);
  return viewOf(entity);
}

/** How many the tenant has; nobody adds one until the transaction ends. */
export async function countWebhooks(tx: Tx, tenantId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`webhooks of ${tenantId}`]);
  return tx.entities.countBy(WebhookEntity, { tenantId });
}

/** The tenant's webhooks, newest first. */
export async function pageOfWebhooks(
  tx: Tx,
  tenantId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Webhook[]; next?: string }> {
  const rows = await tx.entities.find(WebhookEntity, {
    where: { tenantId, ...(after === undefined ? {} : { id: LessThan(after) }) },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  return pageOf(rows.map(viewOf), limit);
}

export async function webhookExists(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  return tx.entities.existsBy(WebhookEntity, { tenantId, id });
}

/** Whether it is there and not disabled. */
export async function takesDeliveries(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  return tx.entities.existsBy(WebhookEntity, { tenantId, id, disabledAt: IsNull() });
}

/** Ids of the enabled webhooks that want events of the type. */
export async function webhooksFor(tx: Tx, tenantId: string, type: WebhookEventType): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    'select id from webhook where tenant_id = $1 and disabled_at is null and events @> array[$2::text]',
    [tenantId, type],
  );
  return rows.map(({ id }) => id);
}

/** Removes the webhook and everything on its way to it. */
export async function removeWebhook(tx: Tx, tenantId: string, id: string): Promise<Webhook | undefined> {
  const row = await tx.entities.findOneBy(WebhookEntity, { tenantId, id });
  if (!row) return undefined;
  const { affected } = await tx.entities.delete(WebhookEntity, { tenantId, id });
  return affected === 1 ? viewOf(row) : undefined;
}

/** A success ends the row of failures. */
export async function markWorking(tx: Tx, tenantId: string, id: string): Promise<void> {
  await tx.query(
    'update webhook set failing_since = null where tenant_id = $1 and id = $2 and failing_since is not null',
    [tenantId, id],
  );
}

/** Notes a failure. @returns since when there were only failures */
export async function markFailing(tx: Tx, tenantId: string, id: string, at: Date): Promise<Date> {
  const row = await tx.one<{ failing_since: Date }>(
    `update webhook set failing_since = coalesce(failing_since, $3)
     where tenant_id = $1 and id = $2 returning failing_since`,
    [tenantId, id, at],
  );
  return row?.failing_since ?? at;
}

/** @returns whether it was not disabled before */
export async function disableWebhook(tx: Tx, tenantId: string, id: string, at: Date): Promise<boolean> {
  const { affected } = await tx.entities.update(
    WebhookEntity,
    { tenantId, id, disabledAt: IsNull() },
    { disabledAt: at },
  );
  return affected === 1;
}

const viewOf = ({ id, url, events, entries, createdAt, disabledAt }: WebhookEntity): Webhook => ({
  id,
  url,
  events,
  ...(entries ? { entries } : {}),
  createdAt: createdAt.toISOString(),
  ...(disabledAt ? { disabledAt: disabledAt.toISOString() } : {}),
});
