import type { ReplyOf, delivery } from '@conclave/contracts';
import { pageOf, type Database, type Tx } from '@conclave/postgres-kit';
import { LessThan } from 'typeorm';
import { DeliveryEntity } from './delivery.entity.js';

export type Delivery = ReplyOf<typeof delivery.listDeliveries>['items'][number];

/** The type of a delivery that holds entries of the audit log. */
export const ENTRIES = 'audit.entries';

/** What the sender knows of a delivery before it opens it. */
export interface Claim {
  readonly tenantId: string;
  readonly id: string;
  readonly webhookId: string;
  /** Number of this attempt, from 1; results of an older one are dropped. */
  readonly attempt: number;
}

/** Of what is under way in this process. */
export interface Busy {
  readonly webhookId: string;
  readonly tenantId: string;
}

/** What an attempt needs. */
export interface Parcel {
  readonly body: string;
  readonly url: string;
  readonly secretSealed: string;
  /** Failed attempts before this one. */
  readonly failures: number;
}

/** How an attempt ended. Without `retryAt` a failure is final. */
export type Outcome =
  | { readonly state: 'delivered'; readonly status: number }
  | { readonly state: 'pending'; readonly retryAt: Date; readonly status?: number; readonly error: string }
  | { readonly state: 'failed'; readonly status?: number; readonly error: string };

/** Due candidates that are looked at per claim; a webhook with a longer queue does not hide the others for long. */
const WINDOW = 500;
/** How long one can look up what became of a delivery. */
const KEPT = '30 days';

type NewDelivery = Pick<DeliveryEntity, 'tenantId' | 'id' | 'webhookId' | 'eventId' | 'type' | 'body' | 'createdAt'>;

/** Due at once. An event that was enqueued for the webhook before is not enqueued again. */
export async function insertDelivery(tx: Tx, delivery: NewDelivery): Promise<void> {
  await tx.entities
    .createQueryBuilder()
    .insert()
    .into(DeliveryEntity)
    .values({ ...delivery, state: 'pending', attempts: 0, failures: 0, nextAttemptAt: delivery.createdAt })
    .orIgnore()
    .updateEntity(false)
    .execute();
}

/** The webhook's deliveries, newest first. */
export async function pageOfDeliveries(
  tx: Tx,
  tenantId: string,
  { id: webhookId, limit, after }: { id: string; limit: number; after?: string | undefined },
): Promise<{ items: Delivery[]; next?: string }> {
  const rows = await tx.entities.find(DeliveryEntity, {
    where: { tenantId, webhookId, ...(after === undefined ? {} : { id: LessThan(after) }) },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  return pageOf(rows.map(viewOf), limit);
}

/**
 * Claims what is due, at most one per webhook, none of the webhooks at work or of suspended tenants, and no more per tenant
 * than `perTenant` together with what is at work for it. A claim is a lease: when nothing is recorded until `lostAt`, the delivery is due
 * again. Runs as the system role, which sees no content.
 */
export async function claimDue(
  tx: Tx,
  {
    limit,
    perTenant,
    busy,
    now,
    lostAt,
  }: { limit: number; perTenant: number; busy: readonly Busy[]; now: Date; lostAt: Date },
): Promise<Claim[]> {
  return tx.query<Claim>(
    `with working as (
       select tenant_id, count(*) as n from unnest($5::text[]) as w(tenant_id) group by tenant_id
     ), waiting as (
       select tenant_id, id, webhook_id, next_attempt_at from delivery
       where state = 'pending' and next_attempt_at <= $1 and webhook_id <> all($2)
         and tenant_id not in (select tenant_id from working where n >= $6)
         and not exists (select from held_tenant h where h.tenant_id = delivery.tenant_id)
       order by next_attempt_at limit ${WINDOW}
     ), first as (
       select distinct on (webhook_id) tenant_id, id, next_attempt_at from waiting order by webhook_id, next_attempt_at, id
     ), ranked as (
       select f.*, coalesce(w.n, 0) + row_number() over (partition by f.tenant_id order by next_attempt_at, id) as nth
       from first f left join working w on w.tenant_id = f.tenant_id
     ), due as (
       select d.tenant_id, d.id from delivery d join ranked r on r.tenant_id = d.tenant_id and r.id = d.id
       where d.state = 'pending' and d.next_attempt_at <= $1 and r.nth <= $6
       order by r.next_attempt_at limit $3 for update of d skip locked
     )
     update delivery d set attempts = attempts + 1, next_attempt_at = $4 from due
     where d.tenant_id = due.tenant_id and d.id = due.id
     returning d.tenant_id as "tenantId", d.id, d.webhook_id as "webhookId", d.attempts as attempt`,
    [now, busy.map(({ webhookId }) => webhookId), limit, lostAt, busy.map(({ tenantId }) => tenantId), perTenant],
  );
}

/** What the claim is about; undefined when the webhook is gone, or the claim was lost. A disabled webhook gets nothing. */
export async function openClaim(tx: Tx, { tenantId, id, webhookId, attempt }: Claim): Promise<Parcel | undefined> {
  const row = await tx.one<Parcel & { disabled: boolean }>(
    `select d.body, d.failures, w.url, w.secret_sealed as "secretSealed", w.disabled_at is not null as disabled
     from delivery d join webhook w on w.tenant_id = d.tenant_id and w.id = d.webhook_id
     where d.tenant_id = $1 and d.id = $2 and d.attempts = $3 and d.state = 'pending'`,
    [tenantId, id, attempt],
  );
  if (!row?.disabled) return row;
  await failPending(tx, tenantId, webhookId);
  return undefined;
}

/** Writes the outcome down unless the claim was lost meanwhile. @returns the type of what it became of */
export async function recordOutcome(
  tx: Tx,
  { tenantId, id, attempt }: Claim,
  outcome: Outcome,
): Promise<string | undefined> {
  const row = await tx.one<{ type: string }>(
    `update delivery set state = $4, next_attempt_at = $5, last_status = $6, last_error = $7,
       failures = failures + case when $4 = 'delivered' then 0 else 1 end
     where tenant_id = $1 and id = $2 and attempts = $3 and state = 'pending' returning type`,
    [
      tenantId,
      id,
      attempt,
      outcome.state,
      outcome.state === 'pending' ? outcome.retryAt : null,
      outcome.status ?? null,
      outcome.state === 'delivered' ? null : outcome.error,
    ],
  );
  return row?.type;
}

/** Gives up everything that waits for a webhook that was disabled. */
export async function failPending(tx: Tx, tenantId: string, webhookId: string): Promise<void> {
  await tx.query(
    `update delivery set state = 'failed', next_attempt_at = null, last_error = 'the webhook was disabled'
     where tenant_id = $1 and webhook_id = $2 and state = 'pending'`,
    [tenantId, webhookId],
  );
}

/** Forgets deliveries that ended long ago. */
export async function sweepDeliveries(db: Database): Promise<void> {
  await db.system((tx) =>
    tx.query(`delete from delivery where state <> 'pending' and created_at < now() - interval '${KEPT}'`),
  );
}

const viewOf = (row: DeliveryEntity): Delivery => ({
  id: row.id,
  event: row.eventId,
  type: row.type,
  state: row.state,
  attempts: row.attempts,
  ...(row.lastStatus === null ? {} : { lastStatus: row.lastStatus }),
  ...(row.lastError === null ? {} : { lastError: row.lastError }),
  createdAt: row.createdAt.toISOString(),
  ...(row.nextAttemptAt ? { nextAttemptAt: row.nextAttemptAt.toISOString() } : {}),
});
