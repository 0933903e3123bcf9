import type { ReplyOf, mails } from '@conclave/contracts';
import { pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';

export type Mail = ReplyOf<typeof mails.listMails>['items'][number];

export interface NewMail {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: mails.MailKind;
  readonly principalId: string;
  readonly linkId?: string;
  readonly dataKeyId?: string;
  readonly sealed?: string;
  readonly at: Date;
}

export async function insertMail(tx: Tx, mail: NewMail): Promise<void> {
  await tx.query(
    `insert into mail (tenant_id, id, kind, principal_id, link_id, data_key_id, sealed, created_at, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [
      ...[mail.tenantId, mail.id, mail.kind, mail.principalId, mail.linkId ?? null],
      ...[mail.dataKeyId ?? null, mail.sealed ?? null, mail.at],
    ],
  );
}

/** How many links were mailed to the address of late, and how many to anybody. */
export async function linksMailedOfLate(
  tx: Tx,
  tenantId: string,
  email: string,
  withinMs: number,
): Promise<{ readonly toThem: number; readonly toAll: number }> {
  const row = await tx.one<{ toThem: number; toAll: number }>(
    `select count(*) filter (where lower(n.email) = lower($2))::int as "toThem", count(*)::int as "toAll"
     from mail m left join person n on n.tenant_id = m.tenant_id and n.principal_id = m.principal_id
     where m.tenant_id = $1 and m.link_id is not null and m.created_at > now() - $3 * interval '1 ms'`,
    [tenantId, email, withinMs],
  );
  return row!;
}

/** An attempt of this process; results of an older one are dropped. */
export interface MailClaim {
  readonly tenantId: string;
  readonly id: string;
  readonly attempt: number;
}

/** Claims what is due until `lostAt`; then it is due again. Runs as the system role, which sees no content. */
export const claimDueMail = (tx: Tx, limit: number, now: Date, lostAt: Date): Promise<MailClaim[]> =>
  tx.query(
    `update mail m set attempts = m.attempts + 1, next_attempt_at = $3
     from (select tenant_id, id from mail where state = 'queued' and next_attempt_at <= $2
       order by next_attempt_at limit $1 for update skip locked) due
     where m.tenant_id = due.tenant_id and m.id = due.id
     returning m.tenant_id as "tenantId", m.id, m.attempts as attempt`,
    [limit, now, lostAt],
  );

/** What an attempt needs to know. */
export interface MailParcel {
  readonly kind: mails.MailKind;
  readonly principalId: string;
  readonly dataKeyId: string | null;
  readonly sealed: string | null;
  readonly createdAt: Date;
  readonly name: string;
  readonly email: string | null;
  readonly tenant: string;
  readonly madeBy: string | null;
  readonly linkExpiresAt: Date | null;
  /** Whether there is still somebody to tell, and something to tell them. */
  readonly wanted: boolean;
}

export const mailParcel = (tx: Tx, { tenantId, id, attempt }: MailClaim): Promise<MailParcel | undefined> =>
  tx.one<MailParcel>(
    `select m.kind, m.principal_id as "principalId", m.data_key_id as "dataKeyId", m.sealed,
       m.created_at as "createdAt", p.name, n.email, t.name as tenant, maker.name as "madeBy",
       l.expires_at as "linkExpiresAt",
       p.disabled_at is null and (m.link_id is null
         or (l.used_at is null and l.revoked_at is null and l.expires_at > now())) as wanted
     from mail m
     join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     join tenant t on t.tenant_id = m.tenant_id
     left join person n on n.tenant_id = m.tenant_id and n.principal_id = m.principal_id
     left join one_time_link l on l.tenant_id = m.tenant_id and l.id = m.link_id
     left join principal maker on maker.tenant_id = l.tenant_id and maker.id = l.made_by
     where m.tenant_id = $1 and m.id = $2 and m.attempts = $3 and m.state = 'queued'`,
    [tenantId, id, attempt],
  );

/** @returns whether the attempt still was the last one */
export async function endMail(
  tx: Tx,
  { tenantId, id, attempt }: MailClaim,
  end: { state: 'sent' | 'failed'; error?: string; at: Date },
): Promise<boolean> {
  const rows = await tx.query(
    `update mail set state = $4, sealed = null, next_attempt_at = null, last_error = coalesce($5, last_error), ended_at = $6
     where tenant_id = $1 and id = $2 and attempts = $3 and state = 'queued' returning id`,
    [tenantId, id, attempt, end.state, end.error ?? null, end.at],
  );
  return rows.length > 0;
}

export async function postponeMail(tx: Tx, claim: MailClaim, error: string, until: Date): Promise<void> {
  await tx.query(
    `update mail set next_attempt_at = $5, last_error = $4
     where tenant_id = $1 and id = $2 and attempts = $3 and state = 'queued'`,
    [claim.tenantId, claim.id, claim.attempt, error, until],
  );
}

interface MailRow {
  readonly id: string;
  readonly kind: mails.MailKind;
  readonly principal_id: string;
  readonly state: Mail['state'];
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

/** Mail to members of a workspace, newest first. */
export async function pageOfMails(
  db: Statements,
  of: { tenantId: string; workspaceId: string; principalId?: string | undefined },
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Mail[]; next?: string }> {
  const rows = await db.query<MailRow>(
    `select id, kind, principal_id, state, attempts, next_attempt_at, last_error, created_at, ended_at from mail m
     where m.tenant_id = $1 and ($3::text is null or m.principal_id = $3) and ($4::text is null or m.id < $4)
       and exists (select from membership b where b.tenant_id = m.tenant_id and b.workspace_id = $2
         and b.principal_id = m.principal_id)
     order by m.id desc limit $5`,
    [of.tenantId, of.workspaceId, of.principalId ?? null, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

const viewOf = (row: MailRow): Mail => ({
  ...{ id: row.id, kind: row.kind, principal: row.principal_id, state: row.state, attempts: row.attempts },
  ...(row.next_attempt_at ? { nextAttemptAt: row.next_attempt_at.toISOString() } : {}),
  ...(row.last_error === null ? {} : { lastError: row.last_error }),
  createdAt: row.created_at.toISOString(),
  ...(row.ended_at ? { endedAt: row.ended_at.toISOString() } : {}),
});

/** Where a person is told things: their address, while they are somebody who signs in. */
export async function addressOf(tx: Tx, tenantId: string, principalId: string): Promise<string | undefined> {
  const row = await tx.one<{ email: string | null }>(
    `select n.email from person n join principal p on p.tenant_id = n.tenant_id and p.id = n.principal_id
     where n.tenant_id = $1 and n.principal_id = $2 and p.kind = 'user' and p.disabled_at is null`,
    [tenantId, principalId],
  );
  return row?.email ?? undefined;
}

export interface Device {
  readonly tenantId: string;
  readonly principalId: string;
  readonly digest: Buffer;
  readonly at: Date;
}

/** Whether the person signed in with it before. */
export async function seeDevice(tx: Tx, { tenantId, principalId, digest, at }: Device): Promise<boolean> {
  const row = await tx.one(
    'update known_device set last_seen_at = $4 where tenant_id = $1 and principal_id = $2 and digest = $3 returning 1',
    [tenantId, principalId, digest, at],
  );
  return row !== undefined;
}

/** What is known of a device that is new to the person: whether somebody else of the tenant uses it, and whether they have others. */
export async function strangeDevice(
  tx: Tx,
  { tenantId, principalId, digest }: Device,
): Promise<{ readonly shared: boolean; readonly others: boolean }> {
  const row = await tx.one<{ shared: boolean; others: boolean }>(
    `select exists (select from known_device where tenant_id = $1 and digest = $3) as shared,
       exists (select from known_device where tenant_id = $1 and principal_id = $2) as others`,
    [tenantId, principalId, digest],
  );
  return row ?? { shared: false, others: false };
}

export async function keepDevice(tx: Tx, { tenantId, principalId, digest, at }: Device): Promise<void> {
  await tx.query(
    `insert into known_device (tenant_id, principal_id, digest, last_seen_at) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [tenantId, principalId, digest, at],
  );
}

/** Nothing is sent any more to whoever is to be forgotten, and no browser is known as theirs. */
export async function eraseMail(tx: Tx, tenantId: string, principalId: string): Promise<void> {
  await tx.query('delete from mail where tenant_id = $1 and principal_id = $2', [tenantId, principalId]);
  await tx.query('delete from known_device where tenant_id = $1 and principal_id = $2', [tenantId, principalId]);
}

/** Forgets what ended long ago; a function of the database decides which. */
export async function sweepMail(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_mail()'));
}
