/**
 * Parked tasks: a row each, and nothing else until somebody answers or their time is over. Whatever ends a wait goes
 * through one statement, in which the first wins. Lock order: signal, run, wait.
 */
import type { Database, Statements, Tx } from '@conclave/postgres-kit';
import type { Json, WaitSpec } from './agent-port.js';
import type { TurnKey } from './claimed-turn.js';
import { journalJson } from './journal-form.js';
import { newLine } from './postgres-lines.js';

type Signal = Pick<WaitSpec, 'kind' | 'key'> & { readonly tenantId: string };

export interface WaitRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly no: number;
  readonly answer?: Json;
}

/** Whether the tenant of a row is suspended: its time stands still. */
export const HELD = (table: string): string =>
  `exists (select from tenant_share h where h.tenant_id = ${table}.tenant_id and h.held_since is not null)`;

/** Those to expire at once. */
const DUE_LIMIT = 100;

/**
 * How a statement meets what somebody else has locked: it waits, or leaves it out. Whoever holds many and waits for one
 * may be waited for.
 */
export type Locked = '' | 'skip locked';

/** $1 waits, with an answer or none for their default; $2 the state they end in. Returns those that were still open. */
const ending = (locked: Locked): string => `
  with x as materialized (
    select * from jsonb_to_recordset($1::jsonb) as x (tenant_id text, run_id text, task_id text, no int, answer jsonb)
  ), r as materialized (
    select x.*, r.state as run_state, r.priority, nextval('journal_pos') as pos from x join run r on r.tenant_id = x.tenant_id and r.id = x.run_id
    order by r.tenant_id, r.id for no key update of r ${locked}
  ), w as (
    update wait w set state = $2, answer = coalesce(r.answer, w.default_answer), ended_pos = r.pos from r
    where w.tenant_id = r.tenant_id and w.run_id = r.run_id and w.task_id = r.task_id and w.no = r.no and w.state || '' = 'open'
    returning w.tenant_id, w.run_id, w.task_id, w.no, w.answer, r.run_state, r.priority, r.pos
  ), u as (
    update run set state = case w.run_state when 'paused' then 'paused' else 'running' end,
      paused_from = case w.run_state when 'paused' then 'running' end, updated_at = clock_timestamp()
    from w
    where run.tenant_id = w.tenant_id and run.id = w.run_id and w.task_id = 'root' and w.run_state in ('parked', 'paused')
  ), t as (
    insert into turn (tenant_id, run_id, task_id, no, state, slow, sort_at, session_id, workspace_id, agent, provider, line, pos)
    select w.tenant_id, w.run_id, w.task_id, w.no + 1, case w.run_state when 'paused' then 'paused' else 'ready' end,
      -- An effect that was slow and is done again is slow again.
      p.slow and coalesce(w.answer #>> '{answer,resolution}', '') in ('retry', 'lost'),
      clock_timestamp() + w.priority * interval '5 min', p.session_id, p.workspace_id, p.agent, p.provider,
      ${newLine('w.tenant_id', 'p.workspace_id', 'p.agent', 'p.provider')}, w.pos
    from w join turn p on p.tenant_id = w.tenant_id and p.run_id = w.run_id and p.task_id = w.task_id and p.no = w.no
  )
  select tenant_id, run_id, task_id, no from w`;

const END = ending('');
const END_FREE = ending('skip locked');

/** Ends waits, with an answer each or none for its default. @returns those that were still open */
export async function endWaits(
  db: Statements,
  waits: readonly WaitRow[],
  state: 'answered' | 'expired',
  end = END,
): Promise<TurnKey[]> {
  if (waits.length === 0) return [];
  const ended = await db.query<WaitRow>(end, [journalJson(waits), state]);
  return ended.map((w) => ({ tenantId: w.tenant_id, runId: w.run_id, taskId: w.task_id, no: w.no }));
}

/**
 * Answers every open wait for (kind, key) and remembers the answer for waits that are parked later; in the caller's
 * transaction.
 *
 * @returns how many waited
 */
export async function settle(tx: Statements, signal: Signal, answer: Json): Promise<number> {
  const { tenantId, kind, key } = signal;
  await lockSignals(tx, [signal]);
  await tx.query('insert into signal (tenant_id, kind, key, data) values ($1, $2, $3, $4) on conflict do nothing', [
    tenantId,
    kind,
    key,
    journalJson(answer),
  ]);
  return answerOpen(tx, signal, answer);
}

/** Answers every wait for (kind, key) that is open now. @returns how many waited */
export async function answerOpen(tx: Statements, { tenantId, kind, key }: Signal, answer: Json): Promise<number> {
  const waits = await tx.query<WaitRow>(
    `select tenant_id, run_id, task_id, no from wait where tenant_id = $1 and kind = $2 and key = $3 and state = 'open'`,
    [tenantId, kind, key],
  );
  return (
    await endWaits(
      tx,
      waits.map((wait) => ({ ...wait, answer })),
      'answered',
    )
  ).length;
}

/** Answers waits that were just parked for what had been answered before. */
export async function settleKnown(tx: Statements, signals: readonly Signal[]): Promise<void> {
  const waits = await tx.query<WaitRow>(
    `select w.tenant_id, w.run_id, w.task_id, w.no, s.data as answer
     from unnest($1::text[], $2::text[], $3::text[]) as x (tenant_id, kind, key)
     join signal s on s.tenant_id = x.tenant_id and s.kind = x.kind and s.key = x.key
     join wait w on w.tenant_id = x.tenant_id and w.kind = x.kind and w.key = x.key and w.state = 'open'`,
    [signals.map(({ tenantId }) => tenantId), signals.map(({ kind }) => kind), signals.map(({ key }) => key)],
  );
  await endWaits(tx, waits, 'answered');
}

/** Answers one open wait. @returns false when something else came first */
export async function answerWait(tx: Tx, wait: TurnKey, answer: Json): Promise<boolean> {
  const { tenantId, runId, taskId, no } = wait;
  return (
    (await endWaits(tx, [{ tenant_id: tenantId, run_id: runId, task_id: taskId, no, answer }], 'answered')).length > 0
  );
}

/**
 * Answers waits whose time is over with their default. It waits for no run while it holds others: whoever ends a tree of
 * runs locks them in another order, and what is left comes next time. @returns how many
 */
export async function expireWaits(db: Database): Promise<number> {
  return db.system(async (tx) => {
    const due = await tx.query<WaitRow>(
      `select tenant_id, run_id, task_id, no from wait where state = 'open' and expires_at <= now() and not ${HELD('wait')}
       order by expires_at limit ${DUE_LIMIT}`,
    );
    return (await endWaits(tx, due, 'expired', END_FREE)).length;
  });
}

/** Serialises "park for (kind, key)" with "answer (kind, key)": whichever comes second sees the first. */
export async function lockSignals(tx: Statements, signals: readonly Signal[]): Promise<void> {
  if (signals.length === 0) return;
  await tx.query(
    `select pg_advisory_xact_lock(k) from (
       select distinct hashtextextended(key, 0) as k from unnest($1::text[]) as key order by k) locks`,
    [signals.map(({ tenantId, kind, key }) => `${tenantId}/${kind}/${key}`)],
  );
}
