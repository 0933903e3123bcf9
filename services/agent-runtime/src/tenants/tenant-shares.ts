import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { Bells } from '../engine/bells.js';

/** How many turns of a tenant run at once, and its share where tenants wait for each other, as operators have said. */
@Injectable()
export class TenantShares {
  constructor(@Inject(Bells) private readonly bells: Bells) {}

  @Consumes(events.limitsChanged)
  async change(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { limits } = data as z.output<typeof events.limitsChanged.data>;
    await tx.query(
      `insert into tenant_share (tenant_id, slots, weight) values ($1, $2, $3)
       on conflict (tenant_id) do update set slots = excluded.slots, weight = excluded.weight`,
      [tenantId, limits['runningTurns'] ?? null, limits['weight'] ?? 1],
    );
    tx.afterCommit(() => this.bells.ready());
  }
}
