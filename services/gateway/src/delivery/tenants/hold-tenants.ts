import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Sender } from '../deliveries/sender.js';

/** Nothing of a suspended tenant is sent; what it has waiting is sent when it goes on, and no webhook has failed meanwhile. */
@Injectable()
export class HoldTenants {
  constructor(private readonly sender: Sender) {}

  @Consumes(events.tenantSuspended)
  async hold(tx: Tx, { tenantId, at }: PlacedEvent): Promise<void> {
    await tx.query('insert into held_tenant (tenant_id, since) values ($1, $2) on conflict do nothing', [tenantId, at]);
  }

  @Consumes(events.tenantResumed)
  async goOn(tx: Tx, { tenantId, at }: PlacedEvent): Promise<void> {
    const held = await tx.one<{ since: Date }>('delete from held_tenant where tenant_id = $1 returning since', [
      tenantId,
    ]);
    if (!held) return;
    await tx.query(
      `update webhook set failing_since = failing_since + ($3::timestamptz - $2::timestamptz)
       where tenant_id = $1 and failing_since is not null`,
      [tenantId, held.since, at],
    );
    tx.afterCommit(this.sender.wake);
  }
}
