import type { Permission } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

export interface OwnRole {
  readonly name: string;
  readonly permissions: Permission[];
}

/** The tenant's own roles by name. */
export const ownRoles = (db: Statements, tenantId: string): Promise<OwnRole[]> =>
  db.query<OwnRole>('select name, permissions from role where tenant_id = $1 order by name', [tenantId]);

/** The role, which is neither changed nor deleted until the transaction ends. */
export const holdRole = (tx: Tx, tenantId: string, name: string): Promise<OwnRole | undefined> =>
  tx.one<OwnRole>('select name, permissions from role where tenant_id = $1 and name = $2 for share', [tenantId, name]);

/** The role, locked for a change; nobody is given it until the transaction ends. */
export const lockRole = (tx: Tx, tenantId: string, name: string): Promise<OwnRole | undefined> =>
  tx.one<OwnRole>('select name, permissions from role where tenant_id = $1 and name = $2 for update', [tenantId, name]);

export async function insertRole(tx: Tx, tenantId: string, { name, permissions }: OwnRole): Promise<void> {
  await tx.query('insert into role (tenant_id, name, permissions, created_at) values ($1, $2, $3, now())', [
    tenantId,
    name,
    permissions,
  ]);
}

export async function updateRole(tx: Tx, tenantId: string, { name, permissions }: OwnRole): Promise<void> {
  await tx.query('update role set permissions = $3 where tenant_id = $1 and name = $2', [tenantId, name, permissions]);
}

export async function removeRole(tx: Tx, tenantId: string, name: string): Promise<void> {
  await tx.query('delete from role where tenant_id = $1 and name = $2', [tenantId, name]);
}

/** Whether somebody has the role somewhere, or a connection gives it to newcomers or a group to its members. */
export async function isHeld(tx: Tx, tenantId: string, name: string): Promise<boolean> {
  const row = await tx.one(
    `select 1 from membership where tenant_id = $1 and role = $2 and disabled_at is null
     union all select 1 from connection where tenant_id = $1 and provisioning ->> 'role' = $2
     union all select 1 from scim_group where tenant_id = $1 and role = $2 limit 1`,
    [tenantId, name],
  );
  return row !== undefined;
}
