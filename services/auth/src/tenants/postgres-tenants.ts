import type { Tx } from '@conclave/postgres-kit';
import { TenantEntity } from './tenant.entity.js';

export interface TenantIds {
  readonly tenant: string;
  readonly workspace: string;
  readonly principal: string;
}

export async function insertTenant(tx: Tx, tenant: TenantEntity): Promise<void> {
  await tx.entities.insert(TenantEntity, tenant);
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact name. */
export async function tenantNamed(tx: Tx, name: string): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_named($1) as tenant', [name]);
  return row?.tenant ?? undefined;
}

/** The tenant's first workspace and its first administrator. */
export async function firstAdministrator(tx: Tx, tenantId: string): Promise<TenantIds | undefined> {
  return tx.one<TenantIds & Record<string, unknown>>(
    `select tenant_id as tenant, workspace_id as workspace, principal_id as principal from membership
     where tenant_id = $1 and role = 'administrator' and disabled_at is null order by workspace_id, principal_id limit 1`,
    [tenantId],
  );
}
