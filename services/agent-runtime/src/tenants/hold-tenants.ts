import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Bells } from '../engine/bells.js';
import { ALONE } from '../engine/postgres-claim.js';
import { LIVE_RUN } from '../engine/state-lists.js';

/**
 * Holds what runs for a tenant while it is suspended. Turns under way stop at their next step and are taken by nobody;
 * deadlines and waits go on with the time they had left.
 */
@Injectable()
export class HoldTenants {
  constructor(@Inject(Bells) private readonly bells: Bells) {}

  @Consumes(events.tenantSuspended)
  async hold(tx: Tx, { tenantId }: PlacedEvent): Promise<void> {
    // Claims that did not see it are over, and what they took is stopped below.
    await tx.query(ALONE);
    await tx.query(
      `insert into tenant_share (tenant_id, held_since) values ($1, clock_timestamp())
       on conflict (tenant_id) do update set held_since = coalesce(tenant_share.held_since, excluded.held_since)`,
      [tenantId],
    );
    await tx.query(`update turn set control = 'yield' where tenant_id = $1 and state = 'running' and control is null`, [
      tenantId,
    ]);
  }

  @Consumes(events.tenantResumed)
  async goOn(tx: Tx, { tenantId }: PlacedEvent): Promise<void> {
    const held = await tx.one<{ since: Date }>(
      'select held_since as since from tenant_share where tenant_id = $1 and held_since is not null for update',
      [tenantId],
    );
    if (!held) return;
    const whose = [tenantId, held.since];
    await tx.query(
      `update run set due_at = due_at + (clock_timestamp() - $2::timestamptz)
       where tenant_id = $1 and state in ${LIVE_RUN} and due_at is not null`,
      whose,
    );
    await tx.query(
      `update wait set expires_at = expires_at + (clock_timestamp() - $2::timestamptz)
       where tenant_id = $1 and state = 'open' and expires_at is not null`,
      whose,
    );
    await tx.query('update tenant_share set held_since = null where tenant_id = $1', [tenantId]);
    tx.afterCommit(() => this.bells.ready());
  }
}

/** Whether the tenant is suspended. */
export async function isHeld(tx: Tx, tenantId: string): Promise<boolean> {
  const row = await tx.one('select 1 from tenant_share where tenant_id = $1 and held_since is not null', [tenantId]);
  return row !== undefined;
}
