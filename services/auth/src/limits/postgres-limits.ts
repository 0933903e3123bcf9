import { ConclaveError, type ReplyOf, type tenants } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

export type LimitsView = ReplyOf<typeof tenants.getLimits>;
export type Limits = LimitsView['limits'];
export type Counted = keyof LimitsView['used'];

const COUNTS: Readonly<Record<Counted, string>> = {
  workspaces: 'select count(*) from workspace where tenant_id = $1',
  members: `select count(distinct principal_id) from membership where tenant_id = $1 and disabled_at is null`,
  apiKeys: `select count(*) from api_key
    where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
  secrets: 'select count(*) from secret where tenant_id = $1',
};

/** @throws ConclaveError `auth.tenant.not-found` */
export async function limitsOf(db: Statements, tenantId: string): Promise<LimitsView> {
  const counts = Object.entries(COUNTS).map(([name, count]) => `'${name}', (${count})`);
  const row = await db.one<LimitsView>(
    `select limits, jsonb_build_object(${counts.join(', ')}) as used from tenant where tenant_id = $1`,
    [tenantId],
  );
  if (!row) throw new ConclaveError('auth.tenant.not-found', { id: tenantId });
  return row;
}

export async function setLimits(tx: Tx, tenantId: string, limits: Limits): Promise<void> {
  await tx.query('update tenant set limits = $2 where tenant_id = $1', [tenantId, JSON.stringify(limits)]);
}

/**
 * To be asked before one more is made: where there is a limit, those who make some wait for each other.
 *
 * @throws ConclaveError `auth.limit.reached`
 */
export async function refuseBeyond(tx: Tx, tenantId: string, limit: Counted): Promise<void> {
  const row = await tx.one<{ most: number }>(
    'select (limits ->> $2)::int as most from tenant where tenant_id = $1 and limits ? $2 for no key update',
    [tenantId, limit],
  );
  if (!row) return;
  const { count } = (await tx.one<{ count: string }>(COUNTS[limit], [tenantId]))!;
  if (Number(count) >= row.most) throw new ConclaveError('auth.limit.reached', { limit, most: row.most });
}
