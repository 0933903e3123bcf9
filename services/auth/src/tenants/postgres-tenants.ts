import { ConclaveError, type ReplyOf, type tenants } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import { TenantEntity } from './tenant.entity.js';

export interface TenantIds {
  readonly tenant: string;
  readonly workspace: string;
  readonly principal: string;
}

export async function insertTenant(
  tx: Tx,
  tenant: Pick<TenantEntity, 'tenantId' | 'name' | 'operators' | 'createdAt'>,
): Promise<void> {
  await tx.entities.insert(TenantEntity, tenant);
}

/** Runs as the system role, which may ask for nothing but the tenant of one name; its case tells nothing unless two are told apart by it. */
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
  readonly suspended_at: Date | null;
  readonly suspended_for: string | null;
  readonly erase_at: Date | null;
  readonly erasing_at: Date | null;
}

const TENANT = `select tenant_id as id, name, operators, created_at, suspended_at, suspended_for, erase_at, erasing_at
  from tenant`;

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
  ...{ id: row.id, name: row.name, createdAt: row.created_at.toISOString() },
  state: row.erasing_at ? 'erasing' : row.suspended_at ? 'suspended' : 'active',
  ...(row.operators ? { operators: true } : {}),
  ...(row.suspended_at ? { suspendedAt: row.suspended_at.toISOString(), suspendedFor: row.suspended_for! } : {}),
  ...(row.erase_at ? { erasesAt: row.erase_at.toISOString() } : {}),
});

/** As the tenant itself, locked until the transaction ends. @throws ConclaveError `auth.tenant.not-found` */
export async function lockTenant(tx: Tx, id: string): Promise<Tenant> {
  const row = await tx.one<TenantRow>(`${TENANT} where tenant_id = $1 for no key update`, [id]);
  if (!row) throw new ConclaveError('auth.tenant.not-found', { id });
  return viewOf(row);
}

/** @returns the tenant as it is now */
export async function updateTenant(
  tx: Tx,
  id: string,
  change: Partial<Pick<TenantEntity, 'suspendedAt' | 'suspendedFor' | 'eraseAt' | 'erasingAt'>>,
): Promise<Tenant> {
  await tx.entities.update(TenantEntity, { tenantId: id }, change);
  return lockTenant(tx, id);
}

/** @throws ConclaveError `auth.tenant.suspended` */
export async function refuseSuspended(tx: Pick<Statements, 'one'>, tenantId: string): Promise<void> {
  const row = await tx.one('select 1 from tenant where tenant_id = $1 and suspended_at is not null', [tenantId]);
  if (row) throw new ConclaveError('auth.tenant.suspended');
}

/** The people who own the tenant with the workspace each began in, the first one first. */
export const ownerPlaces = (tx: Tx, tenantId: string): Promise<(TenantIds & Record<string, unknown>)[]> =>
  tx.query<TenantIds & Record<string, unknown>>(
    `select m.tenant_id as tenant, m.workspace_id as workspace, m.principal_id as principal
     from membership m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and p.owner_since is not null and m.disabled_at is null and p.disabled_at is null
       and p.kind = 'user'
     order by m.workspace_id, m.principal_id`,
    [tenantId],
  );
