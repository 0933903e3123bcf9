import { ERASED, type ReplyOf, type auth } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Caller } from './caller.js';
import { MembershipEntity } from './membership.entity.js';
import { PrincipalEntity, type PrincipalKind } from './principal.entity.js';

export type Member = ReplyOf<typeof auth.changeMember>;
type Listed = ReplyOf<typeof auth.listMembers>['items'][number];

interface MemberRow {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly name: string;
  readonly role: string;
  readonly owner: boolean;
  readonly created_at: Date;
  readonly disabled_at: Date | null;
}

export async function insertPrincipal(
  tx: Tx,
  principal: Omit<PrincipalEntity, 'disabledAt' | 'ownerSince'>,
): Promise<void> {
  await tx.entities.insert(PrincipalEntity, principal);
}

export async function insertMembership(tx: Tx, membership: Omit<MembershipEntity, 'disabledAt'>): Promise<void> {
  await tx.entities.insert(MembershipEntity, membership);
}

const COLUMNS = 'p.id, p.kind, p.name, m.role, p.owner_since is not null as owner, m.created_at, m.disabled_at';
const FROM = 'membership m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id';

/** The member, as it is until the transaction ends. */
export async function lockMember(tx: Tx, { tenantId, workspaceId, principalId }: Caller): Promise<Member | undefined> {
  const row = await tx.one<MemberRow>(
    `select ${COLUMNS} from ${FROM}
     where m.tenant_id = $1 and m.workspace_id = $2 and m.principal_id = $3 for update of m`,
    [tenantId, workspaceId, principalId],
  );
  return row && memberOf(row);
}

/** The principals who administer the workspace, and will until the transaction ends. */
export async function lockAdministrators(tx: Tx, { tenantId, workspaceId }: Caller): Promise<string[]> {
  const rows = await tx.query<{ principal_id: string }>(
    `select principal_id from membership
     where tenant_id = $1 and workspace_id = $2 and role = 'administrator' and disabled_at is null
     order by principal_id for update`,
    [tenantId, workspaceId],
  );
  return rows.map(({ principal_id }) => principal_id);
}

/** Where a principal works, in which role, and whether they own the tenant. */
export async function membershipsOf(
  tx: Tx,
  { tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>,
): Promise<{ workspaceId: string; role: string; owner: boolean }[]> {
  const rows = await tx.query<{ workspace_id: string; role: string; owner: boolean }>(
    `select m.workspace_id, m.role, p.owner_since is not null as owner
     from membership m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and m.principal_id = $2 and m.disabled_at is null order by m.created_at, m.workspace_id`,
    [tenantId, principalId],
  );
  return rows.map(({ workspace_id, role, owner }) => ({ workspaceId: workspace_id, role, owner }));
}

export async function updateMember(
  tx: Tx,
  { tenantId, workspaceId, principalId }: Caller,
  change: Partial<Pick<MembershipEntity, 'role' | 'disabledAt'>>,
): Promise<void> {
  await tx.entities.update(MembershipEntity, { tenantId, workspaceId, principalId }, change);
}

/** A principal, its keys and passkeys without what a person called them, and a person without an address. */
export async function eraseNames(tx: Tx, tenantId: string, principalId: string): Promise<void> {
  await tx.query('update principal set name = $3 where tenant_id = $1 and id = $2', [tenantId, principalId, ERASED]);
  await tx.query('update api_key set name = $3 where tenant_id = $1 and principal_id = $2', [
    tenantId,
    principalId,
    ERASED,
  ]);
  await tx.query('update passkey set name = $3 where tenant_id = $1 and principal_id = $2', [
    tenantId,
    principalId,
    ERASED,
  ]);
  await tx.query(
    `update break_glass set reason = $3, note = case when note is not null then $3 end
     where tenant_id = $1 and principal_id = $2`,
    [tenantId, principalId, ERASED],
  );
  await tx.query(
    `update scim_user set user_name = principal_id, external_id = null, resource = '{}', version = version + 1
     where tenant_id = $1 and principal_id = $2`,
    [tenantId, principalId],
  );
  await tx.query(
    `update person set email = null, email_verified_by = null, locale = null, time_zone = null, theme = null
     where tenant_id = $1 and principal_id = $2`,
    [tenantId, principalId],
  );
}

/** The members of the caller's workspace, newest principal first. */
export async function pageOfMembers(
  db: Statements,
  { tenantId, workspaceId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Listed[]; next?: string }> {
  const rows = await db.query<MemberRow & { email: string | null }>(
    `select ${COLUMNS}, e.email from ${FROM}
     left join person e on e.tenant_id = m.tenant_id and e.principal_id = m.principal_id
     where m.tenant_id = $1 and m.workspace_id = $2 and ($3::text is null or p.id < $3)
     order by p.id desc limit $4`,
    [tenantId, workspaceId, after ?? null, limit + 1],
  );
  const page = pageOf(rows, limit);
  return {
    ...page,
    items: page.items.map((row) => ({ ...memberOf(row), ...(row.email === null ? {} : { email: row.email }) })),
  };
}

/** The caller with tenant, workspace and today's role; undefined when no longer a member, or disabled. */
export async function profileOf(
  db: Statements,
  { tenantId, workspaceId, principalId }: Caller,
): Promise<Omit<ReplyOf<typeof auth.getMe>, 'scopes'> | undefined> {
  const row = await db.one<
    Pick<MemberRow, 'id' | 'kind' | 'name' | 'role' | 'owner'> & {
      tenant_name: string;
      workspace_name: string;
      preferences: NonNullable<ReplyOf<typeof auth.getMe>['preferences']>;
    }
  >(
    `select p.id, p.kind, p.name, m.role, p.owner_since is not null as owner, t.name as tenant_name, w.name as workspace_name,
       jsonb_strip_nulls(jsonb_build_object('locale', e.locale, 'timeZone', e.time_zone, 'theme', e.theme)) as preferences
     from membership m
     join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     join workspace w on w.tenant_id = m.tenant_id and w.id = m.workspace_id
     join tenant t on t.tenant_id = m.tenant_id
     left join person e on e.tenant_id = m.tenant_id and e.principal_id = m.principal_id
     where m.tenant_id = $1 and m.workspace_id = $2 and m.principal_id = $3 and m.disabled_at is null and p.disabled_at is null`,
    [tenantId, workspaceId, principalId],
  );
  return (
    row && {
      principal: { id: row.id, kind: row.kind, name: row.name },
      tenant: { id: tenantId, name: row.tenant_name },
      workspace: { id: workspaceId, name: row.workspace_name },
      role: row.role,
      ...(row.owner ? { owner: true } : {}),
      ...(Object.keys(row.preferences).length > 0 ? { preferences: row.preferences } : {}),
    }
  );
}

const memberOf = ({ id, kind, name, role, owner, created_at, disabled_at }: MemberRow): Member => ({
  principal: { id, kind, name },
  role,
  ...(owner ? { owner } : {}),
  createdAt: created_at.toISOString(),
  ...(disabled_at ? { disabledAt: disabled_at.toISOString() } : {}),
});
