import type { Permission, ReplyOf, accessReviews } from '@conclave/contracts';
import { pageBy, pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Caller } from '../members/caller.js';
import type { PrincipalKind } from '../members/principal.entity.js';

export type AccessReview = ReplyOf<typeof accessReviews.getAccessReview>;
export type AccessItem = ReplyOf<typeof accessReviews.decideAccess>;
export type Outcome = NonNullable<AccessItem['outcome']>;
type Where = Pick<Caller, 'tenantId' | 'workspaceId'>;
type Page = { limit: number; after?: string | undefined };

export interface ReviewRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly undecided: 'keep' | 'revoke';
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly sha256: string | null;
}

/** An access as it was when the review began, and what came of it. */
export interface ItemRow {
  readonly subject: string;
  readonly principal_id: string;
  readonly role: string | null;
  readonly scopes: Permission[] | null;
  readonly last_used_at: Date | null;
  readonly decision: 'keep' | 'revoke' | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly outcome: Outcome | null;
  readonly failure: string | null;
}

type NewReview = Pick<AccessReview, 'id' | 'name' | 'createdBy' | 'undecided'> & {
  readonly createdAt: Date;
  readonly dueAt: Date;
};

export async function insertReview(tx: Tx, { tenantId, workspaceId }: Where, review: NewReview): Promise<void> {
  await tx.query(
    `insert into access_review (tenant_id, id, workspace_id, name, created_by, created_at, due_at, undecided)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[tenantId, review.id, workspaceId, review.name, review.createdBy],
      ...[review.createdAt, review.dueAt, review.undecided],
    ],
  );
}

/** Takes down the workspace's members and keys as they are. @returns how many */
export async function insertItems(tx: Tx, { tenantId, workspaceId }: Where, review: string): Promise<number> {
  const rows = await tx.query(
    `insert into access_review_item (tenant_id, review_id, subject, principal_id, role, scopes, last_used_at)
     select m.tenant_id, $3, m.principal_id, m.principal_id, m.role, null, greatest(
         (select max(s.last_used_at) from sign_in s where s.tenant_id = m.tenant_id
           and s.principal_id = m.principal_id and s.workspace_id = m.workspace_id),
         (select max(k.last_used_at) from api_key k where k.tenant_id = m.tenant_id
           and k.principal_id = m.principal_id and k.workspace_id = m.workspace_id))
     from membership m where m.tenant_id = $1 and m.workspace_id = $2 and m.disabled_at is null
     union all
     select k.tenant_id, $3, k.id, k.principal_id, null, k.scopes, k.last_used_at
     from api_key k where k.tenant_id = $1 and k.workspace_id = $2 and k.revoked_at is null
       and (k.expires_at is null or k.expires_at > now())
     returning subject`,
    [tenantId, workspaceId, review],
  );
  return rows.length;
}

export async function openReviews(tx: Tx, { tenantId, workspaceId }: Where): Promise<number> {
  const row = await tx.one<{ open: number }>(
    `select count(*)::int as open from access_review where tenant_id = $1 and workspace_id = $2 and closed_at is null`,
    [tenantId, workspaceId],
  );
  return row?.open ?? 0;
}

const REVIEW = `select r.*,
    (select count(*)::int from access_review_item i where i.tenant_id = r.tenant_id and i.review_id = r.id) as items,
    (select count(i.decision)::int from access_review_item i where i.tenant_id = r.tenant_id and i.review_id = r.id) as decided
  from access_review r where r.tenant_id = $1 and r.workspace_id = $2`;
type CountedRow = ReviewRow & { readonly items: number; readonly decided: number };

export async function reviewOf(db: Statements, where: Where, id: string): Promise<AccessReview | undefined> {
  const row = await db.one<CountedRow>(`${REVIEW} and r.id = $3`, [where.tenantId, where.workspaceId, id]);
  return row && viewOf(row);
}

export async function pageOfReviews(
  db: Statements,
  { tenantId, workspaceId }: Where,
  { limit, after }: Page,
): Promise<{ items: AccessReview[]; next?: string }> {
  const rows = await db.query<CountedRow>(`${REVIEW} and ($3::text is null or r.id < $3) order by r.id desc limit $4`, [
    tenantId,
    workspaceId,
    after ?? null,
    limit + 1,
  ]);
  return pageOf(rows.map(viewOf), limit);
}

/** The review, as it is until the transaction ends: nobody closes it meanwhile, or with `to: 'close'` decides either. */
export const lockReview = (
  tx: Tx,
  tenantId: string,
  id: string,
  to: 'decide' | 'close',
): Promise<ReviewRow | undefined> =>
  tx.one<ReviewRow>(
    `select * from access_review where tenant_id = $1 and id = $2 for ${to === 'close' ? 'update' : 'share'}`,
    [tenantId, id],
  );

const ITEM = `select i.*, p.kind as principal_kind, p.name as principal_name,
    (select k.name from api_key k where k.tenant_id = i.tenant_id and k.id = i.subject) as key_name
  from access_review_item i join principal p on p.tenant_id = i.tenant_id and p.id = i.principal_id
  where i.tenant_id = $1 and i.review_id = $2`;
type NamedItemRow = ItemRow & {
  readonly principal_kind: PrincipalKind;
  readonly principal_name: string;
  readonly key_name: string | null;
};

export async function pageOfItems(
  db: Statements,
  { tenantId, id }: { tenantId: string; id: string },
  { limit, after, only }: Page & { only?: 'open' | undefined },
): Promise<{ items: AccessItem[]; next?: string }> {
  const rows = await db.query<NamedItemRow>(
    `${ITEM} and ($3::text is null or i.subject > $3) and (not $4 or i.decision is null) order by i.subject limit $5`,
    [tenantId, id, after ?? null, only === 'open', limit + 1],
  );
  return pageBy(rows.map(itemOf), limit, ({ subject }) => subject);
}

export async function lockItem(
  tx: Tx,
  tenantId: string,
  review: string,
  subject: string,
): Promise<AccessItem | undefined> {
  const row = await tx.one<NamedItemRow>(`${ITEM} and i.subject = $3 for update of i`, [tenantId, review, subject]);
  return row && itemOf(row);
}

export async function updateDecision(
  tx: Tx,
  { tenantId, review, subject }: { tenantId: string; review: string; subject: string },
  { decision, by, at }: { decision: 'keep' | 'revoke'; by: string; at: Date },
): Promise<void> {
  await tx.query(
    `update access_review_item set decision = $4, decided_by = $5, decided_at = $6
     where tenant_id = $1 and review_id = $2 and subject = $3`,
    [tenantId, review, subject, decision, by, at],
  );
}

/** What is to end when the review is closed. */
export const itemsToRevoke = (tx: Tx, tenantId: string, { id, undecided }: ReviewRow): Promise<ItemRow[]> =>
  tx.query<ItemRow>(
    `select * from access_review_item
     where tenant_id = $1 and review_id = $2 and coalesce(decision, $3) = 'revoke' order by subject`,
    [tenantId, id, undecided],
  );

export async function updateOutcome(
  tx: Tx,
  { tenantId, review, subject }: { tenantId: string; review: string; subject: string },
  outcome: Outcome,
  failure?: string,
): Promise<void> {
  await tx.query(
    `update access_review_item set outcome = $4, failure = $5
     where tenant_id = $1 and review_id = $2 and subject = $3`,
    [tenantId, review, subject, outcome, failure ?? null],
  );
}

/** All others are kept, but for those that ended by themselves. */
export async function keepOthers(tx: Tx, tenantId: string, { id, workspace_id: workspace }: ReviewRow): Promise<void> {
  await tx.query(
    `update access_review_item i set outcome = case when exists (
         select from membership m where m.tenant_id = i.tenant_id and m.workspace_id = $3
           and m.principal_id = i.principal_id and m.disabled_at is null)
       and (i.scopes is null or exists (select from api_key k where k.tenant_id = i.tenant_id and k.id = i.subject
         and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))
       then 'kept' else 'gone' end
     where i.tenant_id = $1 and i.review_id = $2 and i.outcome is null`,
    [tenantId, id, workspace],
  );
}

/** Items by subject, behind `after`. */
export const itemsBehind = (
  db: Statements,
  { tenantId, review }: { tenantId: string; review: string },
  { limit, after }: Page,
): Promise<ItemRow[]> =>
  db.query<ItemRow>(
    `select * from access_review_item where tenant_id = $1 and review_id = $2 and ($3::text is null or subject > $3)
     order by subject limit $4`,
    [tenantId, review, after ?? null, limit],
  );

export async function updateClosed(
  tx: Tx,
  { tenantId, id }: { tenantId: string; id: string },
  { at, by, sha256 }: { at: Date; by: string; sha256: string },
): Promise<void> {
  await tx.query(
    'update access_review set closed_at = $3, closed_by = $4, sha256 = $5 where tenant_id = $1 and id = $2',
    [...[tenantId, id, at, by, sha256]],
  );
}

/** Runs as the system role, which learns which reviews are due and nothing else of them. */
export const reviewsDue = (db: Database): Promise<{ tenant_id: string; id: string }[]> =>
  db.system((tx) => tx.query('select tenant_id, id from access_reviews_due()'));

const viewOf = (row: CountedRow): AccessReview => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at.toISOString(),
  createdBy: row.created_by,
  dueAt: row.due_at.toISOString(),
  undecided: row.undecided,
  items: row.items,
  decided: row.decided,
  ...(row.closed_at && { closedAt: row.closed_at.toISOString() }),
  ...(row.closed_by !== null && { closedBy: row.closed_by }),
  ...(row.sha256 !== null && { sha256: row.sha256 }),
});

const itemOf = (row: NamedItemRow): AccessItem => ({
  subject: row.subject,
  principal: { id: row.principal_id, kind: row.principal_kind, name: row.principal_name },
  ...(row.key_name !== null && { name: row.key_name }),
  ...factsOf(row),
});

/** What is said of an access without naming anybody. */
export function factsOf(row: ItemRow): Omit<AccessItem, 'subject' | 'principal' | 'name'> {
  return {
    kind: row.scopes === null ? 'member' : 'api-key',
    ...(row.role !== null && { role: row.role }),
    ...(row.scopes !== null && { scopes: row.scopes }),
    ...(row.last_used_at && { lastUsedAt: row.last_used_at.toISOString() }),
    ...(row.decision !== null && { decision: row.decision }),
    ...(row.decided_by !== null && { decidedBy: row.decided_by }),
    ...(row.decided_at && { decidedAt: row.decided_at.toISOString() }),
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.failure !== null && { failure: row.failure }),
  };
}
