import type { ReplyOf, connections } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import { permissionsOf } from '../roles/role-permissions.js';

export type Identity = ReplyOf<typeof connections.linkIdentity>;

interface IdentityRow {
  readonly connection_id: string;
  readonly principal_id: string;
  readonly subject: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
}

export interface IdentityKey {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly subject: string;
}

const COLUMNS = 'connection_id, principal_id, subject, created_at, last_used_at';

/** Whose it is, and nobody gives it to another until the transaction ends. */
export async function lockIdentity(
  tx: Tx,
  { tenantId, connectionId, subject }: IdentityKey,
): Promise<string | undefined> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${connectionId} ${subject}`]);
  const row = await tx.one<IdentityRow>(
    `select ${COLUMNS} from external_identity where tenant_id = $1 and connection_id = $2 and subject = $3`,
    [tenantId, connectionId, subject],
  );
  return row?.principal_id;
}

/** `made` says that the connection made the person, too. */
export async function insertIdentity(
  tx: Tx,
  key: IdentityKey,
  principalId: string,
  at: Date,
  made = false,
): Promise<Identity> {
  await tx.query(
    `insert into external_identity (tenant_id, connection_id, subject, principal_id, created_at, made) values ($1, $2, $3, $4, $5, $6)`,
    [key.tenantId, key.connectionId, key.subject, principalId, at, made],
  );
  return { connection: key.connectionId, principal: principalId, subject: key.subject, createdAt: at.toISOString() };
}

/**
 * The one member whom the workspace's directory calls so, by `externalId` or, without case, `userName`, and whom the
 * connection does not know under another name; undefined when there is none, or more than one. Never an owner: who may
 * do everything is not for a directory to say.
 */
export async function unlinkedPersonNamed(
  tx: Tx,
  where: {
    readonly tenantId: string;
    readonly connectionId: string;
    readonly workspaceId: string;
    readonly names: readonly string[];
  },
): Promise<string | undefined> {
  const { tenantId, connectionId, workspaceId, names } = where;
  const rows = await tx.query<{ principal_id: string }>(
    `select u.principal_id from scim_user u
     join membership m using (tenant_id, workspace_id, principal_id)
     join principal p on p.tenant_id = u.tenant_id and p.id = u.principal_id
     where u.tenant_id = $1 and u.workspace_id = $2 and not u.ended
       and (u.external_id = any ($4) or lower(u.user_name) = any (select lower(unnest($4::text[]))))
       and m.disabled_at is null and p.disabled_at is null and p.owner_since is null
       and not exists (select from external_identity i
         where i.tenant_id = $1 and i.connection_id = $3 and i.principal_id = u.principal_id)
     limit 2 for update of u`,
    [tenantId, workspaceId, connectionId, names],
  );
  return rows.length === 1 ? rows[0]!.principal_id : undefined;
}

/** Whether the connection made the person and what they are in the workspace is its own to say: no directory does. */
export async function isOwnToSay(tx: Tx, key: IdentityKey, workspaceId: string): Promise<boolean> {
  const row = await tx.one(
    `select 1 from external_identity i where i.tenant_id = $1 and i.connection_id = $2 and i.subject = $3 and i.made
       and not exists (select 1 from scim_user s where s.tenant_id = i.tenant_id and s.workspace_id = $4
         and s.principal_id = i.principal_id)`,
    [key.tenantId, key.connectionId, key.subject, workspaceId],
  );
  return row !== undefined;
}

export async function touchIdentity(tx: Tx, key: IdentityKey, at: Date): Promise<void> {
  await tx.query(
    'update external_identity set last_used_at = $4 where tenant_id = $1 and connection_id = $2 and subject = $3',
    [key.tenantId, key.connectionId, key.subject, at],
  );
}

/** @returns how many names the provider had for them */
export async function removeIdentities(
  tx: Tx,
  { tenantId, connectionId, principalId }: { tenantId: string; connectionId: string; principalId: string },
): Promise<number> {
  const rows = await tx.query(
    'delete from external_identity where tenant_id = $1 and connection_id = $2 and principal_id = $3 returning 1',
    [tenantId, connectionId, principalId],
  );
  return rows.length;
}

/** What providers call a person is personal. @returns the connections of those that did */
export async function eraseIdentities(tx: Tx, tenantId: string, principalId: string): Promise<string[]> {
  const rows = await tx.query<{ connection_id: string }>(
    'delete from external_identity where tenant_id = $1 and principal_id = $2 returning connection_id',
    [tenantId, principalId],
  );
  return [...new Set(rows.map(({ connection_id }) => connection_id))];
}

export async function pageOfIdentities(
  db: Statements,
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Identity[]; next?: string }> {
  const rows = await db.query<IdentityRow & { id: string }>(
    `select ${COLUMNS}, subject as id from external_identity
     where tenant_id = $1 and connection_id = $2 and ($3::text is null or subject < $3)
     order by subject desc limit $4`,
    [tenantId, connectionId, after ?? null, limit + 1],
  );
  const page = pageOf(rows, limit);
  return { ...page, items: page.items.map(viewOf) };
}

/** Every permission a principal has anywhere in the tenant; undefined when there is no such principal. */
export async function reachOf(tx: Tx, tenantId: string, principalId: string): Promise<ReadonlySet<string> | undefined> {
  const rows = await tx.query<{ role: string | null; owner: boolean }>(
    `select m.role, p.owner_since is not null as owner from principal p
     left join membership m on m.tenant_id = p.tenant_id and m.principal_id = p.id and m.disabled_at is null
     where p.tenant_id = $1 and p.id = $2 and p.kind = 'user' and p.disabled_at is null`,
    [tenantId, principalId],
  );
  if (rows.length === 0) return undefined;
  const reach = new Set<string>();
  for (const { role, owner } of rows)
    for (const permission of (role && (await permissionsOf(tx, tenantId, role, owner))) || []) reach.add(permission);
  return reach;
}

const viewOf = (row: IdentityRow): Identity => ({
  connection: row.connection_id,
  principal: row.principal_id,
  subject: row.subject,
  createdAt: row.created_at.toISOString(),
  ...(row.last_used_at ? { lastUsedAt: row.last_used_at.toISOString() } : {}),
});
