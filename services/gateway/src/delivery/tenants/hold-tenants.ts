import { events } from '@conclave/contracts';
import { Consumes, holdTenant, releaseTenant, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Sender } from '../deliveries/sender.js';

/** Nothing of a suspended tenant is sent; what it has waiting is sent when it goes on, and no webhook has failed meanwhile. */
@Injectable()
export class HoldTenants {
  constructor(private readonly sender: Sender) {}

  @Consumes(events.tenantSuspended)
  hold(tx: Tx, event: PlacedEvent): Promise<void> {
    return holdTenant(tx, event);
  }

  @Consumes(events.tenantResumed)
  async goOn(tx: Tx, event: PlacedEvent): Promise<void> {
    const since = await releaseTenant(tx, event);
    if (!since) return;
    await tx.query(
      `update webhook set failing_since = failing_since + ($3::timestamptz - $2::timestamptz)
       where tenant_id = $1 and failing_since is not null`,
      [event.tenantId, since, event.at],
    );
    tx.afterCommit(this.sender.wake);
  }
}
