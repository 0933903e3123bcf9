import { Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, Independent, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';

type DataOf<E extends { readonly data: z.ZodType }> = z.output<E['data']>;

/** Turns events into facts. Each fact has the id of what it is about, so taking an event twice changes nothing. */
@Injectable()
export class TakeFacts {
  @Consumes(events.decisionSealed)
  async decisionSealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision, outcome, openedAt, sealedAt } = event.data as DataOf<typeof events.decisionSealed>;
    await tx.query(
      `insert into decision_fact (tenant_id, decision_id, day, outcome, duration_ms) values ($1, $2, ($3::timestamptz at time zone 'UTC')::date, $4, $5)
       on conflict do nothing`,
      [event.tenantId, decision, sealedAt, outcome.status, Math.max(0, Date.parse(sealedAt) - Date.parse(openedAt))],
    );
  }

  @Independent()
  @Consumes(events.runCreated)
  async runCreated(tx: Tx, event: PlacedEvent): Promise<void> {
    const { run } = event.data as DataOf<typeof events.runCreated>;
    await tx.query(
      `insert into run_fact (tenant_id, run_id, day, state) values ($1, $2, ($3::timestamptz at time zone 'UTC')::date, 'open') on conflict do nothing`,
      [event.tenantId, run, event.at],
    );
  }

  @Independent()
  @Consumes(events.runCompleted)
  runCompleted(tx: Tx, event: PlacedEvent): Promise<void> {
    return end(tx, event, 'completed');
  }

  @Independent()
  @Consumes(events.runFailed)
  runFailed(tx: Tx, event: PlacedEvent): Promise<void> {
    return end(tx, event, 'failed');
  }

  @Independent()
  @Consumes(events.runCanceled)
  runCanceled(tx: Tx, event: PlacedEvent): Promise<void> {
    return end(tx, event, 'canceled');
  }
}

/** What a run spent counts however it ended; older failures and cancellations do not say. */
async function end(tx: Tx, event: PlacedEvent, state: 'completed' | 'failed' | 'canceled'): Promise<void> {
  const { run, usage } = event.data as DataOf<
    typeof events.runCompleted | typeof events.runFailed | typeof events.runCanceled
  >;
  await tx.query(
    `update run_fact set state = $3, input_tokens = $4, output_tokens = $5, cost_micros = $6
     where tenant_id = $1 and run_id = $2`,
    [event.tenantId, run, state, usage?.inputTokens ?? 0, usage?.outputTokens ?? 0, usage?.costMicros ?? 0],
  );
}
