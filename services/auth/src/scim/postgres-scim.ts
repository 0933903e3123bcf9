/** The SQL of provisioned people and groups. */
import type { Statements, Tx } from '@conclave/postgres-kit';
import type { Json } from './protocol.js';

/** The workspace that a directory provisions. */
export interface Directory {
  readonly tenantId: string;
  readonly workspaceId: string;
}

export interface UserRow {
  readonly id: string;
  readonly user_name: string;
  readonly external_id: string | null;
  readonly resource: Json;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly active: boolean;
  /** The directory ended the membership, and nobody else. */
  readonly ended: boolean;
  readonly groups: readonly { readonly value: string; readonly display: string }[];
}

export interface GroupRow {
  readonly id: string;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly role: string | null;
  readonly version: number;
  readonly created_at: Date;
  readonly changed_at: Date;
}

export interface MemberOfGroup {
  readonly group_id: string;
  readonly value: string;
  readonly display: string;
}

/** Columns that an equality filter can be answered from, as RFC 7643 names the attributes. */
const columns = {
  Users: { userName: 'lower(s.user_name) = lower($3)', externalId: 's.external_id = $3', id: 's.principal_id = $3' },
  Groups: { displayName: 'lower(g.display_name) = lower($3)', externalId: 'g.external_id = $3', id: 'g.id = $3' },
} as const;

/** The condition by which one attribute equals `$3`; undefined when the database cannot tell. */
export const conditionOf = (kind: keyof typeof columns, attribute: string): string | undefined =>
  new Map<string, string>(Object.entries(columns[kind])).get(attribute);

/**
 * People of `source`, which is called s. Membership and groups of each are looked for by their keys, one by one: a join
 * that is planned before anybody has counted these tables reads all of them for everyone.
 */
const userIn = (
  source: string,
): string => `select s.principal_id as id, s.user_name, s.external_id, s.resource, s.version,
    s.created_at, s.changed_at, s.ended,
    (select m.disabled_at is null from membership m where m.tenant_id = s.tenant_id and m.workspace_id = s.workspace_id
      and m.principal_id = s.principal_id) as active,
    coalesce((select jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name) order by g.id)
      from scim_group_member gm join scim_group g using (tenant_id, workspace_id)
      where gm.tenant_id = s.tenant_id and gm.workspace_id = s.workspace_id and gm.principal_id = s.principal_id
        and g.id = gm.group_id), '[]') as groups
  from ${source} s`;

const GROUP = `select g.id, g.display_name, g.external_id, g.role, g.version, g.created_at, g.changed_at
  from scim_group g where g.tenant_id = $1 and g.workspace_id = $2`;

/** The person, unchanged until the transaction ends where that is wanted. */
export function userOf(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  { isLocked = false } = {},
): Promise<UserRow | undefined> {
  return tx.one<UserRow>(
    `${userIn('scim_user')} where s.tenant_id = $1 and s.workspace_id = $2 and s.principal_id = $3
     ${isLocked ? 'for update of s' : ''}`,
    [tenantId, workspaceId, id],
  );
}

/**
 * Those a condition over `$3` is true for, or all, oldest first. Who is passed over costs a step in the index, and no look
 * at membership and groups.
 */
export function users(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  {
    where,
    limit,
    offset,
  }: { readonly where?: readonly [string, string]; readonly limit: number; readonly offset: number },
): Promise<UserRow[]> {
  // In order only where order is what finds them: asked for it, Postgres would walk through all of them for a name.
  const order = where ? '' : 'order by s.principal_id';
  return db.query<UserRow>(
    `with page as materialized (
       select * from scim_user s where s.tenant_id = $1 and s.workspace_id = $2 ${where ? `and ${where[0]}` : ''}
       ${order} limit ${limit} offset ${offset}
     ) ${userIn('page')} order by s.principal_id`,
    [tenantId, workspaceId, ...(where ? [where[1]] : [])],
  );
}

export async function countUsers(db: Statements, { tenantId, workspaceId }: Directory): Promise<number> {
  const row = await db.one<{ count: number }>(
    'select count(*)::int as count from scim_user where tenant_id = $1 and workspace_id = $2',
    [tenantId, workspaceId],
  );
  return row!.count;
}

/** What is kept of a person besides the id. */
export interface UserState {
  readonly userName: string;
  readonly externalId: string | null;
  readonly resource: Json;
}

/** Notes who ended the membership, or that it has begun again. */
export async function markEnded(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  ended: boolean,
): Promise<void> {
  await tx.query('update scim_user set ended = $4 where tenant_id = $1 and workspace_id = $2 and principal_id = $3', [
    ...[tenantId, workspaceId, id, ended],
  ]);
}

/** Somebody new here, with what others see of them and what they are in the workspace. */
export interface NewUser extends UserState {
  readonly id: string;
  readonly role: string;
  readonly profile: { readonly name: string; readonly email: string | null; readonly locale: string | null };
  readonly at: Date;
}

export async function insertUser(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  { id, role, profile, at, userName, externalId, resource }: NewUser,
): Promise<void> {
  await tx.query(
    `with p as (
       insert into principal (tenant_id, id, kind, name, created_at) values ($1, $3, 'user', $5, $4)
     ), m as (
       insert into membership (tenant_id, workspace_id, principal_id, role, created_at) values ($1, $2, $3, $6, $4)
     ), n as (
       insert into person (tenant_id, principal_id, email, locale, created_at) values ($1, $3, $7, $8, $4)
     )
     insert into scim_user (tenant_id, workspace_id, principal_id, user_name, external_id, resource, created_at, changed_at)
     values ($1, $2, $3, $9, $10, $11, $4, $4)`,
    [
      ...[tenantId, workspaceId, id, at, profile.name, role, profile.email, profile.locale],
      ...[userName, externalId, JSON.stringify(resource)],
    ],
  );
}

export async function updateUser(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  { userName, externalId, resource }: UserState,
): Promise<void> {
  await tx.query(
    `update scim_user set user_name = $4, external_id = $5, resource = $6, version = version + 1, changed_at = now()
     where tenant_id = $1 and workspace_id = $2 and principal_id = $3`,
    [tenantId, workspaceId, id, userName, externalId, JSON.stringify(resource)],
  );
}

export async function deleteUser(tx: Tx, { tenantId, workspaceId }: Directory, id: string): Promise<void> {
  await tx.query('delete from scim_user where tenant_id = $1 and workspace_id = $2 and principal_id = $3', [
    ...[tenantId, workspaceId, id],
  ]);
}

export function lockGroup(tx: Tx, { tenantId, workspaceId }: Directory, id: string): Promise<GroupRow | undefined> {
  return tx.one<GroupRow>(`${GROUP} and g.id = $3 for update`, [tenantId, workspaceId, id]);
}

export function groups(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  { where, limit }: { readonly where?: readonly [string, string]; readonly limit: number },
): Promise<GroupRow[]> {
  const values: unknown[] = [tenantId, workspaceId, ...(where ? [where[1]] : [])];
  return db.query<GroupRow>(`${GROUP} ${where ? `and ${where[0]}` : ''} order by g.id limit ${limit}`, values);
}

/** A page of groups, newest first, with how many are in each. */
export function groupsBefore(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ id: string; name: string; role: string | null; members: number }[]> {
  return db.query(
    `select g.id, g.display_name as name, g.role, (select count(*)::int from scim_group_member m
       where m.tenant_id = g.tenant_id and m.workspace_id = g.workspace_id and m.group_id = g.id) as members
     from scim_group g where g.tenant_id = $1 and g.workspace_id = $2 and ($3::text is null or g.id < $3)
     order by g.id desc limit $4`,
    [tenantId, workspaceId, after ?? null, limit],
  );
}

export function membersOf(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  ids: readonly string[],
): Promise<MemberOfGroup[]> {
  return db.query<MemberOfGroup>(
    `select m.group_id, m.principal_id as value, p.name as display
     from scim_group_member m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and m.workspace_id = $2 and m.group_id = any($3) order by m.principal_id`,
    [tenantId, workspaceId, ids],
  );
}

/** Which of the ids are people of this directory. */
export async function knownUsers(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ principal_id: string }>(
    'select principal_id from scim_user where tenant_id = $1 and workspace_id = $2 and principal_id = any($3) for share',
    [tenantId, workspaceId, ids],
  );
  return new Set(rows.map(({ principal_id }) => principal_id));
}

export interface GroupState {
  readonly displayName: string;
  readonly externalId: string | null;
}

export async function insertGroup(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  { displayName, externalId }: GroupState,
): Promise<void> {
  await tx.query(
    `insert into scim_group (tenant_id, workspace_id, id, display_name, external_id, created_at, changed_at)
     values ($1, $2, $3, $4, $5, now(), now())`,
    [tenantId, workspaceId, id, displayName, externalId],
  );
}

export async function updateGroup(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  { displayName, externalId }: GroupState,
): Promise<void> {
  await tx.query(
    `update scim_group set display_name = $4, external_id = $5, version = version + 1, changed_at = now()
     where tenant_id = $1 and workspace_id = $2 and id = $3`,
    [tenantId, workspaceId, id, displayName, externalId],
  );
}

export async function keepGroupRole(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  role: string | null,
): Promise<void> {
  await tx.query('update scim_group set role = $4 where tenant_id = $1 and workspace_id = $2 and id = $3', [
    ...[tenantId, workspaceId, id, role],
  ]);
}

export async function deleteGroup(tx: Tx, { tenantId, workspaceId }: Directory, id: string): Promise<void> {
  await tx.query('delete from scim_group where tenant_id = $1 and workspace_id = $2 and id = $3', [
    ...[tenantId, workspaceId, id],
  ]);
}

export async function changeMembers(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  id: string,
  { added, removed }: { readonly added: readonly string[]; readonly removed: readonly string[] },
): Promise<void> {
  await tx.query(
    `insert into scim_group_member (tenant_id, workspace_id, group_id, principal_id)
     select $1, $2, $3, unnest($4::text[]) on conflict do nothing`,
    [tenantId, workspaceId, id, added],
  );
  await tx.query(
    `delete from scim_group_member where tenant_id = $1 and workspace_id = $2 and group_id = $3 and principal_id = any($4)`,
    [tenantId, workspaceId, id, removed],
  );
}

/** The roles that a person's groups give. */
export async function rolesByGroups(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  principalId: string,
): Promise<string[]> {
  const rows = await db.query<{ role: string }>(
    `select distinct g.role from scim_group_member m
     join scim_group g on g.tenant_id = m.tenant_id and g.workspace_id = m.workspace_id and g.id = m.group_id
     where m.tenant_id = $1 and m.workspace_id = $2 and m.principal_id = $3 and g.role is not null`,
    [tenantId, workspaceId, principalId],
  );
  return rows.map(({ role }) => role);
}

/** The role that a person's groups gave last. */
export async function givenRole(
  db: Statements,
  { tenantId, workspaceId }: Directory,
  principalId: string,
): Promise<string | null> {
  const row = await db.one<{ given_role: string | null }>(
    'select given_role from scim_user where tenant_id = $1 and workspace_id = $2 and principal_id = $3',
    [tenantId, workspaceId, principalId],
  );
  return row?.given_role ?? null;
}

export async function keepGivenRole(
  tx: Tx,
  { tenantId, workspaceId }: Directory,
  principalId: string,
  role: string,
): Promise<void> {
  await tx.query(
    'update scim_user set given_role = $4 where tenant_id = $1 and workspace_id = $2 and principal_id = $3',
    [...[tenantId, workspaceId, principalId, role]],
  );
}
