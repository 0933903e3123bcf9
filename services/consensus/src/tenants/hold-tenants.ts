import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';

/** While a tenant is suspended nobody can vote, so no decision of it ends by time; it has the time it had left afterwards. */
@Injectable()
export class HoldTenants {
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
      `update decision set deadline_at = deadline_at + ($3::timestamptz - $2::timestamptz)
       where tenant_id = $1 and deadline_at is not null`,
      [tenantId, held.since, at],
    );
  }
}
