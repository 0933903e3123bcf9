/**
 * Writes of decisions, those of many tenants in one statement. Whoever writes names the tenant of each row, and a head
 * row that is not as it was known keeps everything of its decision from being written.
 */
import type { DsseEnvelope } from '@conclave/audit-core';
import type { DecisionEvent } from '@conclave/consensus-core';
import type { OutboundEvent, Statements } from '@conclave/postgres-kit';

/** What is appended to a decision, and what the log and the others are told of it. */
interface Appended {
  readonly tenantId: string;
  readonly id: string;
  readonly phase: string;
  /** How many events the decision has with these. */
  readonly seq: number;
  readonly deadlineAt: string | Date | null;
  readonly events: readonly DecisionEvent[];
  readonly told: readonly OutboundEvent[];
}

/** A decision that is opened. */
export interface OpeningRecord extends Appended {
  readonly requestSha256: string;
  readonly question: string;
  readonly openedAt: string;
  readonly openedBy: string;
  /** The keys that were frozen: of each voter, its generation. */
  readonly frozen: readonly (readonly [voterId: string, generation: number])[];
  /** The log's origin that was frozen; undefined for the first one. */
  readonly origin: string | undefined;
}

/** One turn of a decision. */
export interface TurnRecord extends Appended {
  /** How many events the head row counted; null where it was written by code that keeps no count. */
  readonly before: number | null;
  /** Whether the deadline is another one now; what is remembered does not know of a suspension that moved it. */
  readonly movesDeadline: boolean;
  readonly outcome: string | null;
  readonly sealedAt: string | null;
  readonly commitsEventId: string | undefined;
  readonly receipt: { readonly envelope: DsseEnvelope; readonly eventId: string } | undefined;
}

/** Events of the decisions whose numbers are in `head`, and events for others; parameters 1 to 14 are `appendedBy`. */
const APPEND = `added as (
    insert into decision_event (tenant_id, decision_id, seq, type, at, data)
    select ($1::text[])[event.no], ($2::text[])[event.no], event.seq, event.type, event.at, event.data
    from unnest($3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::json[]) as event (no, seq, type, at, data)
    where event.no = any (array(select no from head))
  ), told as (
    insert into outbound_event (id, tenant_id, lane, type, actor, data, verdict)
    select event.id, ($1::text[])[event.no], event.lane, event.type, event.actor, event.data, event.verdict
    from unnest($8::int[], $9::text[], $10::smallint[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[])
      as event (no, id, lane, type, actor, data, verdict)
    where event.no = any (array(select no from head))
  )`;

/** Each with the number of its decision, from 1 on. */
const numbered = <T>(several: readonly (readonly T[])[]): (readonly [no: number, one: T])[] =>
  several.flatMap((all, at) => all.map((one) => [at + 1, one] as const));

function appendedBy(records: readonly Appended[]): unknown[] {
  const events = numbered(records.map((record) => record.events));
  const told = numbered(records.map((record) => record.told));
  return [
    records.map(({ tenantId }) => tenantId),
    records.map(({ id }) => id),
    events.map(([no]) => no),
    events.map(([, { seq }]) => seq),
    events.map(([, { type }]) => type),
    events.map(([, { at }]) => at),
    events.map(([, { data }]) => JSON.stringify(data)),
    told.map(([no]) => no),
    told.map(([, { id }]) => id),
    told.map(([, { lane }]) => lane),
    told.map(([, { type }]) => type),
    told.map(([, { actor }]) => actor),
    told.map(([, { body }]) => body),
    told.map(([, { verdict }]) => verdict),
  ];
}

/** Nothing is written unless the keys are the present ones of their voters and the log's origin is the present one. */
const OPEN = `with stale as materialized (
    select frozen.no from unnest($23::int[], $24::text[], $25::int[]) as frozen (no, voter_id, generation)
    where not exists (
      select from voter_key key where key.tenant_id = ($1::text[])[frozen.no] and key.voter_id = frozen.voter_id
        and key.generation = frozen.generation and key.superseded_at is null and key.revoked_at is null)
  ), asked as materialized (
    select asked.*, asked.no <> all (array(select no from stale))
      and (select origin from log_origin where log_origin.tenant_id = asked.tenant_id) is not distinct from asked.origin as holds
    from unnest($1::text[], $2::text[], $15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::timestamptz[],
        $20::text[], $21::int[], $22::text[])
      with ordinality as asked (tenant_id, id, request_sha256, question, phase, opened_at, deadline_at, opened_by, seq, origin, no)
  ), claimed as (
    insert into decision (tenant_id, id, request_sha256, question, phase, opened_at, deadline_at, opened_by, seq)
    select tenant_id, id, request_sha256, question, phase, opened_at, deadline_at, opened_by, seq from asked
    where holds on conflict do nothing returning tenant_id, id
  ), head as materialized (
    select asked.no::int from claimed join asked using (tenant_id, id)
  ), ${APPEND}
  select holds, no = any (array(select no from head)) as claimed from asked order by no`;

const WRITE = `with head as materialized (
    update decision set phase = turn.phase, outcome = turn.outcome, sealed_at = turn.sealed_at,
      deadline_at = case when turn.moves_deadline then turn.deadline_at else decision.deadline_at end,
      commits_event_id = coalesce(turn.commits_event_id, decision.commits_event_id), seq = turn.seq
    from unnest($1::text[], $2::text[], $15::text[], $16::json[], $17::timestamptz[], $18::boolean[], $19::timestamptz[],
        $20::text[], $21::int[], $22::int[])
      with ordinality as turn (tenant_id, id, phase, outcome, sealed_at, moves_deadline, deadline_at, commits_event_id, seq, before, no)
    where decision.tenant_id = turn.tenant_id and decision.id = turn.id and decision.seq is not distinct from turn.before
    returning turn.no::int
  ), ${APPEND}, issued as (
    insert into receipt (tenant_id, decision_id, envelope, event_id)
    select ($1::text[])[issued.no], ($2::text[])[issued.no], issued.envelope, issued.event_id
    from unnest($23::int[], $24::json[], $25::text[]) as issued (no, envelope, event_id)
    where issued.no = any (array(select no from head))
  )
  select no from head`;

export type Opened = 'opened' | 'taken' | 'overtaken';

/** Opens decisions. @returns of each whether it was opened, its id was taken, or what it froze does not hold any more */
export async function openAll(db: Statements, openings: readonly OpeningRecord[]): Promise<Opened[]> {
  const frozen = numbered(openings.map((opening) => opening.frozen));
  const rows = await db.query<{ holds: boolean; claimed: boolean }>(OPEN, [
    ...appendedBy(openings),
    openings.map(({ requestSha256 }) => requestSha256),
    openings.map(({ question }) => question),
    openings.map(({ phase }) => phase),
    openings.map(({ openedAt }) => openedAt),
    openings.map(({ deadlineAt }) => deadlineAt),
    openings.map(({ openedBy }) => openedBy),
    openings.map(({ seq }) => seq),
    openings.map(({ origin }) => origin ?? null),
    frozen.map(([no]) => no),
    frozen.map(([, [voterId]]) => voterId),
    frozen.map(([, [, generation]]) => generation),
  ]);
  return rows.map(({ holds, claimed }) => (claimed ? 'opened' : holds ? 'taken' : 'overtaken'));
}

/** Writes turns. @returns of each whether it was written: nobody else had changed the decision */
export async function writeAll(db: Statements, turns: readonly TurnRecord[]): Promise<boolean[]> {
  const receipts = turns.flatMap(({ receipt }, at) => (receipt ? [{ no: at + 1, ...receipt }] : []));
  const rows = await db.query<{ no: number }>(WRITE, [
    ...appendedBy(turns),
    turns.map(({ phase }) => phase),
    turns.map(({ outcome }) => outcome),
    turns.map(({ sealedAt }) => sealedAt),
    turns.map(({ movesDeadline }) => movesDeadline),
    turns.map(({ deadlineAt }) => deadlineAt),
    turns.map(({ commitsEventId }) => commitsEventId ?? null),
    turns.map(({ seq }) => seq),
    turns.map(({ before }) => before),
    receipts.map(({ no }) => no),
    receipts.map(({ envelope }) => JSON.stringify(envelope)),
    receipts.map(({ eventId }) => eventId),
  ]);
  const written = new Set(rows.map(({ no }) => no));
  return turns.map((_, at) => written.has(at + 1));
}
