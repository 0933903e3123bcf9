import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { callerOf } from '../members/caller.js';
import { refuseWiderRole } from '../members/role-grant.js';

/**
 * Whoever says whom a provider may speak for could sign in as them, in every workspace of the tenant: only an
 * administrator of all of them says it, with a credential that holds all an administrator may.
 *
 * @throws ConclaveError `auth.role.too-wide` | `auth.forbidden`
 */
export async function refusePartialAdministrators(tx: Tx, ctx: RequestContext): Promise<void> {
  await refuseWiderRole(tx, ctx, 'administrator');
  const { tenantId, principalId } = callerOf(ctx);
  const elsewhere = await tx.one(
    `select w.id from workspace w where w.tenant_id = $1 and not exists (
       select from membership m where m.tenant_id = w.tenant_id and m.workspace_id = w.id and m.principal_id = $2
         and m.role = 'administrator' and m.disabled_at is null) limit 1`,
    [tenantId, principalId],
  );
  if (elsewhere) throw new ConclaveError('auth.forbidden', { reason: 'only an administrator of every workspace can' });
}
