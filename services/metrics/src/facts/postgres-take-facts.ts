import { Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, ConsumesTogether, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
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

  /** In one statement for all; of a run that begins and ends among them, what is known at its end. */
  @ConsumesTogether(events.runCreated, events.runCompleted, events.runFailed, events.runCanceled)
  async runs(tx: Tx, told: readonly PlacedEvent[]): Promise<void> {
    const facts = new Map<string, RunFact>();
    for (const event of told) {
      const { run, usage } = event.data as Told;
      const state = STATES[event.type]!;
      if (state === 'open') facts.set(run, { at: event.at, state });
      else facts.set(run, { at: facts.get(run)?.at ?? event.at, state, ...usage });
    }
    const all = [...facts];
    await tx.query(TAKE_RUNS, [
      ...[told[0]?.tenantId, all.map(([run]) => run)],
      ...[all.map(([, { at }]) => at), all.map(([, { state }]) => state)],
      ...USAGE.map((member) => all.map(([, fact]) => fact[member] ?? 0)),
    ]);
  }
}

/** What a run spent counts however it ended; older failures and cancellations do not say. */
type Told = DataOf<typeof events.runCompleted | typeof events.runFailed | typeof events.runCanceled>;
type RunFact = { readonly at: string; readonly state: string } & Partial<NonNullable<Told['usage']>>;

const STATES: Readonly<Record<string, string>> = {
  [events.runCreated.type]: 'open',
  [events.runCompleted.type]: 'completed',
  [events.runFailed.type]: 'failed',
  [events.runCanceled.type]: 'canceled',
};
const USAGE = ['inputTokens', 'outputTokens', 'costMicros'] as const;

/** A run counts on the day it was created; one that outlived its fact, on the day it ended. */
const TAKE_RUNS = `
  insert into run_fact as fact (tenant_id, run_id, day, state, input_tokens, output_tokens, cost_micros)
  select $1, run, (at at time zone 'UTC')::date, state, input, output, cost
  from unnest($2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
    as told (run, at, state, input, output, cost)
  on conflict (tenant_id, run_id) do update set state = excluded.state, input_tokens = excluded.input_tokens,
    output_tokens = excluded.output_tokens, cost_micros = excluded.cost_micros
  where excluded.state <> 'open'`;
