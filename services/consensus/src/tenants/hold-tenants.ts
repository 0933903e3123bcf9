import { events } from '@conclave/contracts';
import { Consumes, holdTenant, releaseTenant, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';

/** While a tenant is suspended nobody can vote, so no decision of it ends by time; it has the time it had left afterwards. */
@Injectable()
export class HoldTenants {
  @Consumes(events.tenantSuspended)
  hold(tx: Tx, event: PlacedEvent): Promise<void> {
    return holdTenant(tx, event);
  }

  @Consumes(events.tenantResumed)
  async goOn(tx: Tx, event: PlacedEvent): Promise<void> {
    const since = await releaseTenant(tx, event);
    if (!since) return;
    await tx.query(
      `update decision set deadline_at = deadline_at + ($3::timestamptz - $2::timestamptz)
       where tenant_id = $1 and deadline_at is not null`,
      [event.tenantId, since, event.at],
    );
  }
}
