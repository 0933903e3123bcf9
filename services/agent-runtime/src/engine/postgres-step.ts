/** Journal entries, those of many turns at once; each is written only while its turn is held. */
import type { Statements } from '@conclave/postgres-kit';
import type { Json, StoryLine } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { journalJson } from './journal-form.js';

export interface NewStep {
  readonly turn: ClaimedTurn;
  readonly name: string;
  readonly result: Json;
  /** Lines for the run's story that go with it. */
  readonly story: readonly StoryLine[];
}

/**
 * $1 steps. Turns are locked in the order of their keys, as everywhere; `held` names what was still ours. What was sent
 * again because an answer was lost is there already, and so is its story.
 */
const journal = (rest: string): string => `
  with x as materialized (
    select * from jsonb_to_recordset($1::jsonb) as x (
      ord int, tenant text, run text, task text, no int, owner text, epoch bigint, name text, result jsonb, story jsonb)
  ), held as materialized (
    select x.*, t.control from x
    join turn t on t.tenant_id = x.tenant and t.run_id = x.run and t.task_id = x.task and t.no = x.no
    where t.epoch = x.epoch and t.lease_owner = x.owner
    order by x.tenant, x.run, x.task, x.no for no key update of t
  ), s as (
    insert into step (tenant_id, run_id, task_id, name, no, epoch, result)
    select tenant, run, task, name, no, epoch, coalesce(result, 'null') from held on conflict do nothing
    returning tenant_id, run_id, task_id, name
  )${rest}
  select ord, control from held`;

const STEP = journal('');

/**
 * What a turn's end has beside it of its last step: parameters, its place before the end's, and its rows with the lines
 * of the story that go with it. `lines` says how many those are, once for each that was not there before.
 */
export const LAST_STEP = {
  columns: `step text, "stepResult" jsonb, story jsonb`,
  place: `nextval('journal_pos') as step_pos`,
  rows: `, s as (
    insert into step (tenant_id, run_id, task_id, name, no, epoch, result, pos)
    select tenant, run, task, step, no, epoch, coalesce("stepResult", 'null'), step_pos from held where step is not null
    on conflict do nothing returning tenant_id, run_id
  ), lines as materialized (
    select h.tenant, h.run, h.next_seq + l.n - 1 as seq, l.v from held h join s on s.tenant_id = h.tenant and s.run_id = h.run,
      jsonb_array_elements(h.story) with ordinality l (v, n)
  ), l as (
    insert into run_event (tenant_id, run_id, seq, type, data) select tenant, run, seq, v ->> 'type', v -> 'data' from lines
  )`,
  lines: '(select count(*) from lines where lines.tenant = h.tenant and lines.run = h.run)',
} as const;

/** The members of a row that has one. */
export const lastStepOf = ({ last }: ClaimedTurn): object =>
  last ? { step: last.name, stepResult: last.result, ...(last.story.length > 0 && { story: last.story }) } : {};

/** Runs that get a story are locked after the turns, in the order of their keys. */
const STEP_AND_STORY = journal(`, r as materialized (
    select r.tenant_id, r.id, r.next_seq, c.story
    from (
      select h.tenant, h.run, jsonb_agg(l.v order by h.ord, l.n) as story
      from held h join s on s.tenant_id = h.tenant and s.run_id = h.run and s.task_id = h.task and s.name = h.name,
        jsonb_array_elements(h.story) with ordinality l (v, n)
      where h.story is not null group by h.tenant, h.run
    ) c
    join run r on r.tenant_id = c.tenant and r.id = c.run
    order by r.tenant_id, r.id for no key update of r
  ), u as (
    update run set next_seq = r.next_seq + jsonb_array_length(r.story), updated_at = clock_timestamp() from r
    where run.tenant_id = r.tenant_id and run.id = r.id
  ), e as (
    insert into run_event (tenant_id, run_id, seq, type, data)
    select r.tenant_id, r.id, r.next_seq + l.n - 1, l.v ->> 'type', l.v -> 'data'
    from r, jsonb_array_elements(r.story) with ordinality l (v, n)
  )`);

/** What became of a step: `held` when it is written, and whether the turn is to stop there. */
export interface WrittenStep {
  readonly held: boolean;
  readonly pause: boolean;
}

export async function writeSteps(db: Statements, steps: readonly NewStep[]): Promise<WrittenStep[]> {
  const rows = steps.map(({ turn, name, result, story }, ord) => ({
    ord,
    tenant: turn.tenantId,
    run: turn.runId,
    task: turn.taskId,
    no: turn.no,
    owner: turn.owner,
    epoch: turn.epoch,
    name,
    result,
    ...(story.length > 0 ? { story } : {}),
  }));
  const sql = steps.some(({ story }) => story.length > 0) ? STEP_AND_STORY : STEP;
  const held = await db.query<{ ord: number; control: string | null }>(sql, [journalJson(rows)]);
  const controls = new Map(held.map(({ ord, control }) => [ord, control]));
  return steps.map((_, ord) => ({ held: controls.has(ord), pause: (controls.get(ord) ?? null) !== null }));
}
