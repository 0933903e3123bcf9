import type { ReplyOf, mailDomains } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import { recordOf } from './domain-records.js';

export type MailDomain = ReplyOf<typeof mailDomains.claimMailDomain>;

export interface MailDomainRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly domain: string;
  readonly token: string;
  readonly created_at: Date;
  readonly proven_at: Date | null;
  readonly checked_at: Date | null;
  readonly failing_since: Date | null;
}

const COLUMNS = 'tenant_id, id, domain, token, created_at, proven_at, checked_at, failing_since';

/** The row of the domain: this one, or the one that was there. */
export async function claimDomain(
  tx: Tx,
  row: Pick<MailDomainRow, 'tenant_id' | 'id' | 'domain' | 'token' | 'created_at'>,
): Promise<{ row: MailDomainRow; isNew: boolean }> {
  const made = await tx.one<MailDomainRow>(
    `insert into mail_domain (tenant_id, id, domain, token, created_at) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, domain) do nothing returning ${COLUMNS}`,
    [row.tenant_id, row.id, row.domain, row.token, row.created_at],
  );
  if (made) return { row: made, isNew: true };
  const kept = await tx.one<MailDomainRow>(`select ${COLUMNS} from mail_domain where tenant_id = $1 and domain = $2`, [
    ...[row.tenant_id, row.domain],
  ]);
  return { row: kept!, isNew: false };
}

/** How many the tenant has; nobody adds one until the transaction ends. */
export async function countDomains(tx: Tx, tenantId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`mail domains of ${tenantId}`]);
  const row = await tx.one<{ n: string }>('select count(*) as n from mail_domain where tenant_id = $1', [tenantId]);
  return Number(row?.n ?? 0);
}

export const domainOf = (db: Statements, tenantId: string, id: string): Promise<MailDomainRow | undefined> =>
  db.one<MailDomainRow>(`select ${COLUMNS} from mail_domain where tenant_id = $1 and id = $2`, [tenantId, id]);

export const lockDomain = (tx: Tx, tenantId: string, id: string): Promise<MailDomainRow | undefined> =>
  tx.one<MailDomainRow>(`select ${COLUMNS} from mail_domain where tenant_id = $1 and id = $2 for update`, [
    tenantId,
    id,
  ]);

/** What a look into the DNS left. */
export async function noteCheck(tx: Tx, row: MailDomainRow, nextCheckAt: Date | null): Promise<void> {
  await tx.query(
    `update mail_domain set proven_at = $3, checked_at = $4, failing_since = $5, next_check_at = $6
     where tenant_id = $1 and id = $2`,
    [row.tenant_id, row.id, row.proven_at, row.checked_at, row.failing_since, nextCheckAt],
  );
}

export async function removeDomain(tx: Tx, tenantId: string, id: string): Promise<void> {
  await tx.query('delete from mail_domain where tenant_id = $1 and id = $2', [tenantId, id]);
}

export async function pageOfDomains(
  db: Statements,
  tenantId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: MailDomain[]; next?: string }> {
  const rows = await db.query<MailDomainRow>(
    `select ${COLUMNS} from mail_domain where tenant_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenantId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(domainView), limit);
}

/** Claims domains that are to be looked for again, until `lostAt`. Runs as the system role, which sees no names. */
export const claimDueDomains = (
  tx: Tx,
  limit: number,
  now: Date,
  lostAt: Date,
): Promise<{ tenantId: string; id: string }[]> =>
  tx.query(
    `update mail_domain d set next_check_at = $3
     from (select tenant_id, id from mail_domain where proven_at is not null and next_check_at <= $2
       order by next_check_at limit $1 for update skip locked) due
     where d.tenant_id = due.tenant_id and d.id = due.id returning d.tenant_id as "tenantId", d.id`,
    [limit, now, lostAt],
  );

export const domainView = (row: MailDomainRow): MailDomain => ({
  ...{ id: row.id, domain: row.domain, record: recordOf(row.domain, row.token) },
  state: row.proven_at === null ? 'waiting' : row.failing_since === null ? 'proven' : 'failing',
  createdAt: row.created_at.toISOString(),
  ...(row.proven_at ? { provenAt: row.proven_at.toISOString() } : {}),
  ...(row.checked_at ? { checkedAt: row.checked_at.toISOString() } : {}),
});
