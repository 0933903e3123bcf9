/**
 * Writes of decisions, those of many tenants in one statement. Whoever writes names the tenant of each row, and a head
 * row that is not as it was known keeps everything of its decision from being written.
 */
import type { DsseEnvelope } from '@conclave/audit-core';
import type { DecisionEvent, Outcome } from '@conclave/consensus-core';
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
  readonly frozen: readonly { readonly voter: string; readonly generation: number }[];
  /** The log's origin that was frozen; undefined for the first one. */
  readonly origin: string | undefined;
}

/** One turn of a decision. */
export interface TurnRecord extends Appended {
  /** How many events the head row counted; null where it was written by code that keeps no count. */
  readonly before: number | null;
  /** Whether the deadline is another one now; what is remembered does not know of a suspension that moved it. */
  readonly movesDeadline: boolean;
  readonly outcome: Outcome | null;
  readonly sealedAt: string | null;
  readonly commitsEventId: string | undefined;
  readonly receipt: { readonly envelope: DsseEnvelope; readonly eventId: string } | undefined;
}

/** Events of the decisions whose numbers are in `head`, and events for others; parameters 1 to 4 are `appendedBy`. */
const APPEND = `added as (
    insert into decision_event (tenant_id, decision_id, seq, type, at, data)
    select ($1::text[])[event.no], ($2::text[])[event.no], event.seq, event.type, event.at, event.body::json
    from json_to_recordset($3::json) as event (no int, seq int, type text, at timestamptz, body text)
    where event.no = any (array(select no from head))
  ), told as (
    insert into outbound_event (id, tenant_id, lane, type, actor, data, verdict)
    select event.id, ($1::text[])[event.no], event.lane, event.type, event.actor, event.body::jsonb, event.verdict::jsonb
    from json_to_recordset($4::json) as event (no int, id text, lane smallint, type text, actor text, body text, verdict text)
    where event.no = any (array(select no from head))
  )`;

/** Each with the number of its decision, from 1 on. */
const numbered = <T extends object>(several: readonly (readonly T[])[]): (T & { readonly no: number })[] =>
  several.flatMap((all, at) => all.map((one) => ({ no: at + 1, ...one })));

/** With its data as text: what a voter wrote may hold any character, and json_to_recordset does not take all of them. */
const bodied = ({ data, ...event }: DecisionEvent): object => ({ ...event, body: JSON.stringify(data) });

const appendedBy = (records: readonly Appended[]): unknown[] => [
  records.map(({ tenantId }) => tenantId),
  records.map(({ id }) => id),
  JSON.stringify(numbered(records.map(({ events }) => events.map(bodied)))),
  JSON.stringify(numbered(records.map(({ told }) => told))),
];

/** Nothing is written unless the keys are the present ones of their voters and the log's origin is the present one. */
const OPEN = `with stale as materialized (
    select frozen.no from json_to_recordset($6::json) as frozen (no int, voter text, generation int)
    where not exists (
      select from voter_key key where key.tenant_id = ($1::text[])[frozen.no] and key.voter_id = frozen.voter
        and key.generation = frozen.generation and key.superseded_at is null and key.revoked_at is null)
  ), asked as materialized (
    select asked.*, ($1::text[])[asked.no] as tenant_id, ($2::text[])[asked.no] as id,
      asked.no <> all (array(select no from stale)) and asked.origin is not distinct from
        (select origin from log_origin where log_origin.tenant_id = ($1::text[])[asked.no]) as holds
    from json_to_recordset($5::json) as asked (no int, "requestSha256" text, question text, phase text,
      "openedAt" timestamptz, "deadlineAt" timestamptz, "openedBy" text, seq int, origin text)
  ), claimed as (
    insert into decision (tenant_id, id, request_sha256, question, phase, opened_at, deadline_at, opened_by, seq)
    select tenant_id, id, "requestSha256", question, phase, "openedAt", "deadlineAt", "openedBy", seq from asked
    where holds on conflict do nothing returning tenant_id, id
  ), head as materialized (
    select asked.no from claimed join asked using (tenant_id, id)
  ), ${APPEND}
  select holds, no = any (array(select no from head)) as claimed from asked order by no`;

/**
 * Nothing waits here: a head row that somebody else holds is not as it was known, and the turn is taken by itself, in a
 * transaction that waits for it.
 */
const WRITE = `with turn as materialized (
    select * from json_to_recordset($5::json) as turn (no int, phase text, outcome json, "sealedAt" timestamptz,
      "movesDeadline" boolean, "deadlineAt" timestamptz, "commitsEventId" text, seq int, before int)
  ), free as materialized (
    select turn.no from turn
    join decision d on d.tenant_id = ($1::text[])[turn.no] and d.id = ($2::text[])[turn.no]
    where d.seq is not distinct from turn.before for no key update of d skip locked
  ), head as materialized (
    update decision set phase = turn.phase, outcome = turn.outcome, sealed_at = turn."sealedAt",
      deadline_at = case when turn."movesDeadline" then turn."deadlineAt" else decision.deadline_at end,
      commits_event_id = coalesce(turn."commitsEventId", decision.commits_event_id), seq = turn.seq
    from free join turn using (no)
    where decision.tenant_id = ($1::text[])[turn.no] and decision.id = ($2::text[])[turn.no]
    returning turn.no
  ), ${APPEND}, issued as (
    insert into receipt (tenant_id, decision_id, envelope, event_id)
    select ($1::text[])[issued.no], ($2::text[])[issued.no], issued.envelope, issued."eventId"
    from json_to_recordset($6::json) as issued (no int, envelope json, "eventId" text)
    where issued.no = any (array(select no from head))
  )
  select no from head`;

export type Opened = 'opened' | 'taken' | 'overtaken';

/** Opens decisions. @returns of each whether it was opened, its id was taken, or what it froze does not hold any more */
export async function openAll(db: Statements, openings: readonly OpeningRecord[]): Promise<Opened[]> {
  const heads = openings.map(({ events: _, told: __, frozen: ___, tenantId: ____, ...head }) => [head]);
  const rows = await db.query<{ holds: boolean; claimed: boolean }>(OPEN, [
    ...appendedBy(openings),
    JSON.stringify(numbered(heads)),
    JSON.stringify(numbered(openings.map(({ frozen }) => frozen))),
  ]);
  return rows.map(({ holds, claimed }) => (claimed ? 'opened' : holds ? 'taken' : 'overtaken'));
}

/** Writes turns. @returns of each whether it was written: nobody else had changed the decision */
export async function writeAll(db: Statements, turns: readonly TurnRecord[]): Promise<boolean[]> {
  const heads = turns.map(({ events: _, told: __, receipt: ___, tenantId: ____, ...head }) => [head]);
  const rows = await db.query<{ no: number }>(WRITE, [
    ...appendedBy(turns),
    JSON.stringify(numbered(heads)),
    JSON.stringify(numbered(turns.map(({ receipt }) => (receipt ? [receipt] : [])))),
  ]);
  const written = new Set(rows.map(({ no }) => no));
  return turns.map((_, at) => written.has(at + 1));
}
