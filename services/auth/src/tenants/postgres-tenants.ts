import type { ReplyOf, tenants } from '@conclave/contracts';
import { pageOf, type Tx } from '@conclave/postgres-kit';
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

/** Whether it is the operators' own. */
export async function isOperators(tx: Tx, tenantId: string): Promise<boolean> {
  const row = await tx.one<{ operators: boolean }>('select operators from tenant where tenant_id = $1', [tenantId]);
  return row?.operators ?? false;
}

/** A tenant as operators see it. */
export type Tenant = ReplyOf<typeof tenants.getTenant>;

interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly operators: boolean;
  readonly created_at: Date;
}

const TENANT = 'select tenant_id as id, name, operators, created_at from tenant';

/** Runs as the system role, as all of these: an operator looks at tenants from outside. */
export async function tenantOf(tx: Tx, id: string): Promise<Tenant | undefined> {
  const row = await tx.one<TenantRow>(`${TENANT} where tenant_id = $1`, [id]);
  return row && viewOf(row);
}

/** Newest first. */
export async function pageOfTenants(
  tx: Tx,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Tenant[]; next?: string }> {
  const rows = await tx.query<TenantRow>(
    `${TENANT} where $1::text is null or tenant_id < $1 order by tenant_id desc limit $2`,
    [after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

const viewOf = (row: TenantRow): Tenant => ({
  ...{ id: row.id, name: row.name, createdAt: row.created_at.toISOString(), state: 'active' },
  ...(row.operators ? { operators: true } : {}),
});

/** The tenant's first owner and the workspace they began in. */
export async function firstOwner(tx: Tx, tenantId: string): Promise<TenantIds | undefined> {
  return tx.one<TenantIds & Record<string, unknown>>(
    `select m.tenant_id as tenant, m.workspace_id as workspace, m.principal_id as principal
     from membership m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and p.owner_since is not null and m.disabled_at is null
     order by m.workspace_id, m.principal_id limit 1`,
    [tenantId],
  );
}
