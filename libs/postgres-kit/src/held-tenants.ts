/**
 * Tenants that are suspended, in a service whose clocks stand still for them. They stand in its own table
 * `held_tenant (tenant_id, since)`.
 */
import type { Tx } from './database.js';
import type { PlacedEvent } from './relay.js';

/** Notes that the tenant's time stands still since the event. */
export async function holdTenant(tx: Tx, { tenantId, at }: PlacedEvent): Promise<void> {
  await tx.query('insert into held_tenant (tenant_id, since) values ($1, $2) on conflict do nothing', [tenantId, at]);
}

/** Lets the tenant's time go on. @returns since when it stood still; undefined when it did not */
export async function releaseTenant(tx: Tx, { tenantId }: PlacedEvent): Promise<Date | undefined> {
  const sql = 'delete from held_tenant where tenant_id = $1 returning since';
  return (await tx.one<{ since: Date }>(sql, [tenantId]))?.since;
}
