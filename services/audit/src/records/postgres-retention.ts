/** How long entries are served, what forbids to prune or erase, and what was erased. */
import type { ReplyOf, RequestOf, records } from '@conclave/contracts';
import { pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';
import { firstRowOf, type LogName } from '../log/log-name.js';

export type Retention = ReplyOf<typeof records.getRetention>;
export type Hold = ReplyOf<typeof records.placeHold>;
export type Erasure = ReplyOf<typeof records.getErasure>;
type Page = RequestOf<typeof records.listHolds>;

/** What is kept of one of the tenant's logs. */
export async function retentionOf(db: Statements, log: LogName): Promise<Retention> {
  const row = await db.one<{ days: number | null; minimum_row: string }>(
    'select days, minimum_row from retention where tenant_id = $1',
    [log.tenantId],
  );
  return {
    ...(row?.days === undefined || row.days === null ? {} : { days: row.days }),
    minimumIndex: Math.max(0, Number(row?.minimum_row ?? 0) - firstRowOf(log)),
  };
}

/** Takes the tenant's row, so that holds, pruning and erasures come one after the other. @returns how long is kept */
export async function lockRetention(tx: Tx, tenantId: string): Promise<number | undefined> {
  await tx.query('insert into retention (tenant_id) values ($1) on conflict do nothing', [tenantId]);
  const row = await tx.one<{ days: number | null }>('select days from retention where tenant_id = $1 for update', [
    tenantId,
  ]);
  return row?.days ?? undefined;
}

export async function keepFor(tx: Tx, tenantId: string, days: number | null): Promise<void> {
  await tx.query('update retention set days = $2 where tenant_id = $1', [tenantId, days]);
}

/** What was pruned does not come back. */
export async function raiseMinimum(tx: Tx, tenantId: string, minimumRow: number): Promise<void> {
  await tx.query('update retention set minimum_row = greatest(minimum_row, $2) where tenant_id = $1', [
    tenantId,
    minimumRow,
  ]);
}

/** Tenants whose entries are not kept for ever. */
export async function forgetfulTenants(db: Database): Promise<string[]> {
  const rows = await db.system((tx) =>
    tx.query<{ tenant_id: string }>('select tenant_id from retention where days is not null'),
  );
  return rows.map(({ tenant_id }) => tenant_id);
}

interface HoldRow {
  id: string;
  reason: string;
  subject: string | null;
  placed_by: string;
  placed_at: Date;
}

const HOLD = 'id, reason, subject, placed_by, placed_at';

const holdView = (row: HoldRow): Hold => ({
  id: row.id,
  reason: row.reason,
  ...(row.subject === null ? {} : { subject: row.subject }),
  placedBy: row.placed_by,
  placedAt: row.placed_at.toISOString(),
});

export async function insertHold(tx: Tx, tenantId: string, hold: Hold): Promise<void> {
  await tx.query(
    'insert into legal_hold (tenant_id, id, reason, subject, placed_by, placed_at) values ($1, $2, $3, $4, $5, $6)',
    [tenantId, hold.id, hold.reason, hold.subject ?? null, hold.placedBy, hold.placedAt],
  );
}

export async function endHold(tx: Tx, tenantId: string, id: string): Promise<Hold | undefined> {
  const row = await tx.one<HoldRow>(`delete from legal_hold where tenant_id = $1 and id = $2 returning ${HOLD}`, [
    tenantId,
    id,
  ]);
  return row && holdView(row);
}

/** A hold in force: any, or, when a subject is named, one on it or on the whole log. */
export async function holdOn(tx: Tx, tenantId: string, subject?: string): Promise<string | undefined> {
  const row = await tx.one<{ id: string }>(
    `select id from legal_hold where tenant_id = $1 and ($2::text is null or subject is null or subject = $2 or exists (
       select from disclosure d where d.tenant_id = $1 and $2 = any(d.refs) and subject = any(d.refs)))
     order by id limit 1`,
    [tenantId, subject ?? null],
  );
  return row?.id;
}

export async function pageOfHolds(db: Statements, tenantId: string, { limit, after }: Page) {
  const rows = await db.query<HoldRow>(
    `select ${HOLD} from legal_hold where tenant_id = $1 and ($2::text is null or id < $2)
     order by id desc limit $3`,
    [tenantId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(holdView), limit);
}

interface ErasureRow {
  id: string;
  subject: string;
  requested_by: string;
  at: Date;
  entries: string;
  event_id: string;
}

const erasureView = (row: ErasureRow): Erasure => ({
  id: row.id,
  subject: row.subject,
  requestedBy: row.requested_by,
  at: row.at.toISOString(),
  entries: Number(row.entries),
});

export async function insertErasure(tx: Tx, tenantId: string, erasure: Erasure, eventId: string): Promise<void> {
  await tx.query(
    `insert into erasure (tenant_id, id, subject, requested_by, at, entries, event_id) values ($1, $2, $3, $4, $5, $6, $7)`,
    [tenantId, erasure.id, erasure.subject, erasure.requestedBy, erasure.at, erasure.entries, eventId],
  );
}

/** The erasure, and the event whose entry proves it. */
export async function erasureOf(
  db: Statements,
  tenantId: string,
  id: string,
): Promise<{ readonly erasure: Erasure; readonly eventId: string } | undefined> {
  const row = await db.one<ErasureRow>(
    'select id, subject, requested_by, at, entries, event_id from erasure where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  return row && { erasure: erasureView(row), eventId: row.event_id };
}

export async function pageOfErasures(db: Statements, tenantId: string, { limit, after }: Page) {
  const rows = await db.query<ErasureRow>(
    `select id, subject, requested_by, at, entries, event_id from erasure where tenant_id = $1 and ($2::text is null or id < $2)
     order by id desc limit $3`,
    [tenantId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(erasureView), limit);
}
