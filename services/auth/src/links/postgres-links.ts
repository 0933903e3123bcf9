import type { ReplyOf, Role, invitations } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Branding } from '../branding/brand-tenant.js';
import type { Caller } from '../members/caller.js';
import type { LinkMaker } from './link-reach.js';

export type LinkPurpose = ReplyOf<typeof invitations.openLink>['purpose'];
/** An invitation as the workspace sees it. */
export type Invitation = ReplyOf<typeof invitations.revokeInvitation>;

export interface NewLink extends Caller {
  readonly id: string;
  readonly purpose: LinkPurpose;
  /** Who made it; the operator's job is nobody of the tenant. */
  readonly by: LinkMaker | null;
  readonly digest: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface LinkRow {
  readonly id: string;
  readonly purpose: LinkPurpose;
  readonly workspace_id: string;
  readonly principal_id: string;
  readonly expires_at: Date;
  readonly role: Role;
  readonly name: string;
  readonly tenant: string;
  readonly branding: Branding;
  readonly workspace: string;
  readonly made_by: string | null;
  readonly made_by_name: string | null;
  /** What whoever made it held then; null for nobody of the tenant. */
  readonly held: string[] | null;
}

export async function insertLink(tx: Tx, link: NewLink): Promise<void> {
  await tx.query(
    `insert into one_time_link (tenant_id, id, purpose, workspace_id, principal_id, made_by, held, digest, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[link.tenantId, link.id, link.purpose, link.workspaceId, link.principalId],
      ...[link.by?.principalId ?? null, link.by && [...link.by.held], link.digest, link.createdAt, link.expiresAt],
    ],
  );
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact digest. */
export async function tenantOfLink(tx: Tx, digest: Buffer): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_link($1) as tenant', [digest]);
  return row?.tenant ?? undefined;
}

/** The link of a digest while it is good, locked until the transaction ends. */
export const lockLink = (tx: Tx, tenantId: string, digest: Buffer): Promise<LinkRow | undefined> =>
  tx.one<LinkRow>(
    `select l.id, l.purpose, l.workspace_id, l.principal_id, l.expires_at, m.role, p.name,
       t.name as tenant, t.branding, w.name as workspace, l.made_by, maker.name as made_by_name, l.held
     from one_time_link l
     join membership m on m.tenant_id = l.tenant_id and m.workspace_id = l.workspace_id and m.principal_id = l.principal_id
     join principal p on p.tenant_id = l.tenant_id and p.id = l.principal_id
     join tenant t on t.tenant_id = l.tenant_id
     join workspace w on w.tenant_id = l.tenant_id and w.id = l.workspace_id
     left join principal maker on maker.tenant_id = l.tenant_id and maker.id = l.made_by
     where l.tenant_id = $1 and l.digest = $2 and l.used_at is null and l.revoked_at is null and l.expires_at > now()
       and m.disabled_at is null and p.disabled_at is null
       and (l.made_by is null or exists (select from membership by where by.tenant_id = l.tenant_id
         and by.workspace_id = l.workspace_id and by.principal_id = l.made_by and by.disabled_at is null))
     for update of l`,
    [tenantId, digest],
  );

export async function markLinkUsed(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await tx.query('update one_time_link set used_at = $3 where tenant_id = $1 and id = $2', [tenantId, id, at]);
}

/** Ends a principal's links that are still good. @returns their ids and what they were for */
export const markLinksRevoked = (
  tx: Tx,
  { tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>,
  at: Date,
): Promise<{ id: string; purpose: LinkPurpose; workspace_id: string }[]> =>
  tx.query(
    `update one_time_link set revoked_at = $3
     where tenant_id = $1 and principal_id = $2 and used_at is null and revoked_at is null
     returning id, purpose, workspace_id`,
    [tenantId, principalId, at],
  );

interface InvitationRow {
  readonly id: string;
  readonly principal_id: string;
  readonly name: string;
  readonly email: string | null;
  readonly role: Role;
  readonly created_at: Date;
  readonly expires_at: Date;
}

const INVITATION = `select l.id, l.principal_id, p.name, person.email, m.role, l.created_at, l.expires_at
  from one_time_link l
  join membership m on m.tenant_id = l.tenant_id and m.workspace_id = l.workspace_id and m.principal_id = l.principal_id
  join principal p on p.tenant_id = l.tenant_id and p.id = l.principal_id
  left join person on person.tenant_id = l.tenant_id and person.principal_id = l.principal_id
  where l.tenant_id = $1 and l.workspace_id = $2 and l.purpose = 'invitation' and l.used_at is null
    and l.revoked_at is null`;

/** Invitations to the caller's workspace that wait, newest first. */
export async function pageOfInvitations(
  db: Statements,
  { tenantId, workspaceId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Invitation[]; next?: string }> {
  const rows = await db.query<InvitationRow>(
    `${INVITATION} and l.expires_at > now() and ($3::text is null or l.id < $3) order by l.id desc limit $4`,
    [tenantId, workspaceId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

export async function lockInvitation(
  tx: Tx,
  { tenantId, workspaceId }: Caller,
  id: string,
): Promise<Invitation | undefined> {
  const row = await tx.one<InvitationRow>(`${INVITATION} and l.id = $3 for update of l`, [tenantId, workspaceId, id]);
  return row && viewOf(row);
}

const viewOf = (row: InvitationRow): Invitation => ({
  id: row.id,
  principal: row.principal_id,
  name: row.name,
  ...(row.email === null ? {} : { email: row.email }),
  role: row.role,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
});
