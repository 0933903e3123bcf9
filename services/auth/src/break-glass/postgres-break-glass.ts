import type { ReplyOf, breakGlass } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Caller } from '../members/caller.js';
import type { PrincipalKind } from '../members/principal.entity.js';

export type BreakGlass = ReplyOf<typeof breakGlass.openBreakGlass>;
type Where = Pick<Caller, 'tenantId' | 'workspaceId'>;

interface Row {
  readonly id: string;
  readonly principal_id: string;
  readonly principal_kind: PrincipalKind;
  readonly principal_name: string;
  readonly sign_in_id: string;
  readonly reason: string;
  readonly opened_at: Date;
  readonly ends_at: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
  readonly finding: 'justified' | 'unjustified' | null;
  readonly note: string | null;
  readonly reviewed_by: string | null;
  readonly reviewed_at: Date | null;
}

const SELECT = `select g.*, p.kind as principal_kind, p.name as principal_name
  from break_glass g join principal p on p.tenant_id = g.tenant_id and p.id = g.principal_id
  where g.tenant_id = $1 and g.workspace_id = $2`;

export async function insertBreakGlass(
  tx: Tx,
  { tenantId, workspaceId, principalId }: Caller,
  made: { id: string; signIn: string; reason: string; openedAt: Date; endsAt: Date },
): Promise<void> {
  await tx.query(
    `insert into break_glass (tenant_id, id, workspace_id, principal_id, sign_in_id, reason, opened_at, ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [...[tenantId, made.id, workspaceId, principalId, made.signIn], ...[made.reason, made.openedAt, made.endsAt]],
  );
}

/** The emergency access that a sign-in has right now. */
export async function openFor(
  db: Statements,
  tenantId: string,
  signIn: string,
): Promise<Pick<BreakGlass, 'id' | 'endsAt'> | undefined> {
  const row = await db.one<Pick<Row, 'id' | 'ends_at'>>(
    `select id, ends_at from break_glass
     where tenant_id = $1 and sign_in_id = $2 and ended_at is null and ends_at > now()`,
    [tenantId, signIn],
  );
  return row && { id: row.id, endsAt: row.ends_at.toISOString() };
}

/** The access, locked until the transaction ends. */
export async function lockBreakGlass(tx: Tx, where: Where, id: string): Promise<BreakGlass | undefined> {
  const row = await tx.one<Row>(`${SELECT} and g.id = $3 for update of g`, [where.tenantId, where.workspaceId, id]);
  return row && viewOf(row);
}

export async function pageOfBreakGlass(
  db: Statements,
  { tenantId, workspaceId }: Where,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: BreakGlass[]; next?: string }> {
  const rows = await db.query<Row>(`${SELECT} and ($3::text is null or g.id < $3) order by g.id desc limit $4`, [
    ...[tenantId, workspaceId, after ?? null, limit + 1],
  ]);
  return pageOf(rows.map(viewOf), limit);
}

/** A sign-in goes on under another secret, and what it has with it; what it had stays told of as it was. */
export async function moveBreakGlass(tx: Tx, tenantId: string, from: string, to: string): Promise<void> {
  await tx.query(
    `update break_glass set sign_in_id = $3
     where tenant_id = $1 and sign_in_id = $2 and ended_at is null and ends_at > now()`,
    [tenantId, from, to],
  );
}

export async function updateEnded(tx: Tx, tenantId: string, id: string, by: string, at: Date): Promise<void> {
  await tx.query('update break_glass set ended_at = $3, ended_by = $4 where tenant_id = $1 and id = $2', [
    ...[tenantId, id, at, by],
  ]);
}

export async function updateReviewed(
  tx: Tx,
  tenantId: string,
  id: string,
  { finding, note, by, at }: { finding: string; note: string; by: string; at: Date },
): Promise<void> {
  await tx.query(
    `update break_glass set finding = $3, note = $4, reviewed_by = $5, reviewed_at = $6 where tenant_id = $1 and id = $2`,
    [tenantId, id, finding, note, by, at],
  );
}

const viewOf = (row: Row): BreakGlass => ({
  id: row.id,
  principal: { id: row.principal_id, kind: row.principal_kind, name: row.principal_name },
  signIn: row.sign_in_id,
  reason: row.reason,
  openedAt: row.opened_at.toISOString(),
  endsAt: row.ends_at.toISOString(),
  ...(row.ended_at && { endedAt: row.ended_at.toISOString() }),
  ...(row.ended_by !== null && { endedBy: row.ended_by }),
  ...(row.finding !== null && {
    review: {
      ...{ finding: row.finding, note: row.note ?? '', by: row.reviewed_by ?? '' },
      at: (row.reviewed_at ?? row.ends_at).toISOString(),
    },
  }),
});
