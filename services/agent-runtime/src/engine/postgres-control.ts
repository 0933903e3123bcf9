/**
 * What is done to a run from outside: pause, resume, cancel, expire. Live turns are locked before their run, as
 * everywhere. Paused turns are in no index a claim reads; running ones stop at their next step.
 */
import { events, laneOf, newId, type ActVerdict } from '@conclave/contracts';
import { verdictJson, type Database, type Statements, type Tx } from '@conclave/postgres-kit';
import { runTransitions, type RunState, type RunTransition } from '@conclave/run-core';
import type { StoryLine } from './agent-port.js';
import { journalJson } from './journal-form.js';
import { usageOf } from '../runs/postgres-usage.js';
import { HELD, settle } from './postgres-waits.js';
import { LIVE_RUN, LIVE_TASK, LIVE_TURN } from './state-lists.js';

export interface RunKey {
  readonly tenantId: string;
  readonly id: string;
}

/** How a turn is given back: to whoever claims it next, or to nobody while its run is paused. */
export const GIVEN_BACK = `state = case control when 'pause' then 'paused' else 'ready' end, control = null, lease_owner = null`;

/** Runs to expire at once. */
const DUE_LIMIT = 100;

/**
 * Locks a run with its live turns, those first as everywhere, and before them ends its children if it is to have none.
 * While others are waited for a turn may be made that was not there to be locked, and that may be on its way to the run by
 * now, or a child be started; once the run is locked nobody makes more. Then all is let go and locked again.
 *
 * @returns its state, when `transition` leads out of it
 */
async function lock(
  tx: Statements,
  { tenantId, id }: RunKey,
  transition: RunTransition,
  endChildren?: () => Promise<void>,
): Promise<RunState | undefined> {
  const live = `from turn where tenant_id = $1 and run_id = $2 and state in ${LIVE_TURN}`;
  const key = [tenantId, id];
  for (;;) {
    await endChildren?.();
    // Sent in one go, and awaited together: a connection that is lost fails all.
    const [, locked, [run], [there]] = await Promise.all([
      tx.query('savepoint before_run'),
      tx.query(`select ${live} order by task_id, no for update`, key),
      tx.query<{ state: RunState }>('select state from run where tenant_id = $1 and id = $2 for no key update', key),
      tx.query<{ turns: number; children: number }>(
        `select (select count(*)::int ${live}) as turns,
           (select count(*)::int from run where tenant_id = $1 and parent_run_id = $2 and state in ${LIVE_RUN}) as children`,
        key,
      ),
    ]);
    const isWhole = locked.length === there!.turns && (!endChildren || there!.children === 0);
    await tx.query(`${isWhole ? 'release' : 'rollback to'} savepoint before_run`);
    if (isWhole) return run && runTransitions[run.state][transition] !== undefined ? run.state : undefined;
  }
}

/** @returns false when the run cannot be paused */
export async function pauseRun(tx: Tx, run: RunKey, reason: string | undefined): Promise<boolean> {
  const from = await lock(tx, run, 'pause');
  if (!from) return false;
  const key = [run.tenantId, run.id];
  await tx.query(
    `update turn set state = case state when 'ready' then 'paused' else state end,
       control = case state when 'running' then 'pause' end
     where tenant_id = $1 and run_id = $2 and state in ('ready', 'running')`,
    key,
  );
  await tx.query(
    `update run set state = 'paused', paused_from = $3, updated_at = clock_timestamp() where tenant_id = $1 and id = $2`,
    [...key, from],
  );
  await tell(tx, run, { type: 'run.paused', data: reason ? { reason } : {} });
  return true;
}

/** @returns false when the run is not paused */
export async function resumeRun(tx: Tx, run: RunKey): Promise<boolean> {
  if (!(await lock(tx, run, 'resume'))) return false;
  await resumeTurnsOf(tx, run);
  await tx.query(
    `update run set state = coalesce(paused_from, 'running'), paused_from = null, updated_at = clock_timestamp()
     where tenant_id = $1 and id = $2`,
    [run.tenantId, run.id],
  );
  await tell(tx, run, { type: 'run.resumed', data: {} });
  return true;
}

/** Lets what was paused go on, and what was to pause. */
export async function resumeTurnsOf(tx: Statements, { tenantId, id }: RunKey): Promise<void> {
  await tx.query(
    `update turn set state = case state when 'paused' then 'ready' else state end, control = null
     where tenant_id = $1 and run_id = $2 and (state = 'paused' or control = 'pause')`,
    [tenantId, id],
  );
}

/**
 * Keeps a run from being ended while the transaction is under way: beside others who want no more than that, or, to write
 * to it, alone. @returns whether it goes on
 */
export async function keepGoing(
  tx: Statements,
  { tenantId, id }: RunKey,
  locked: 'share' | 'no key update' = 'share',
): Promise<boolean> {
  const run = await tx.query(
    `select from run where tenant_id = $1 and id = $2 and state in ${LIVE_RUN} for ${locked}`,
    [tenantId, id],
  );
  return run.length > 0;
}

/**
 * Says something to a run, which its tasks hear at their next boundary. Messages of one run are numbered one after the
 * other. @returns the number of the message; undefined when the run is over
 */
export async function steerRun(tx: Tx, run: RunKey, by: string, text: string): Promise<number | undefined> {
  if (!(await keepGoing(tx, run, 'no key update'))) return undefined;
  const said = await tx.one<{ no: number }>(
    `insert into run_message (tenant_id, run_id, no, actor, text)
     select $1, $2, coalesce(max(no), 0) + 1, $3, $4 from run_message where tenant_id = $1 and run_id = $2
     returning no`,
    [run.tenantId, run.id, by, text],
  );
  await tell(tx, run, { type: 'run.steered', data: { by } });
  return said!.no;
}

/** Why runs are ended from outside, and by whom. */
export interface Outside {
  readonly how: 'cancel' | 'expire';
  readonly by: string;
  /** What permitted them to. */
  readonly verdict?: ActVerdict | undefined;
  readonly reason?: string | undefined;
}

const STATE_AFTER = { cancel: 'canceled', expire: 'expired' } as const;

/** Ends a run from outside, and every run it started. @returns those it ended; none when it had ended already */
export async function endRun(tx: Statements, run: RunKey, outside: Outside): Promise<string[]> {
  const ended = await endTree(tx, run, outside, outside.reason ? { reason: outside.reason } : {});
  if (ended.includes(run.id))
    await settle(tx, { tenantId: run.tenantId, kind: 'run', key: run.id }, { state: STATE_AFTER[outside.how] });
  return ended;
}

/** Children first: what ends a child locks its parent after it, too. */
async function endTree(tx: Statements, run: RunKey, outside: Outside, data: StoryLine['data']): Promise<string[]> {
  const ended: string[] = [];
  const first = async (): Promise<void> => void ended.push(...(await endChildren(tx, run, outside)));
  if (!(await lock(tx, run, outside.how, first))) return ended;
  const { tenantId, id } = run;
  const state = STATE_AFTER[outside.how];
  await endTurnsOf(tx, run);
  await tx.query(
    'update run set state = $3, due_at = null, updated_at = clock_timestamp() where tenant_id = $1 and id = $2',
    [tenantId, id, state],
  );
  await tell(tx, run, { type: `run.${state}`, data });
  const usage = await usageOf(tx, tenantId, id);
  const [event, told] =
    outside.how === 'cancel'
      ? [events.runCanceled, { run: id, usage }]
      : [events.runFailed, { run: id, code: 'run.expired', message: 'the deadline of the run passed', usage }];
  await tx.query(
    'insert into outbound_event (id, tenant_id, lane, type, actor, data, verdict) values ($1, $2, $3, $4, $5, $6, $7)',
    [
      ...[newId('event'), tenantId, laneOf(tenantId), event.type, outside.by],
      ...[JSON.stringify(event.data.parse(told)), verdictJson(outside.verdict)],
    ],
  );
  return [...ended, id];
}

/** Ends the runs that a run has started. @returns those it ended */
export async function endChildren(tx: Statements, { tenantId, id }: RunKey, outside: Outside): Promise<string[]> {
  const children = await tx.query<{ id: string }>(
    `select id from run where tenant_id = $1 and parent_run_id = $2 and state in ${LIVE_RUN} order by id`,
    [tenantId, id],
  );
  const ended: string[] = [];
  for (const child of children) ended.push(...(await endTree(tx, { tenantId, id: child.id }, outside, { parent: id })));
  return ended;
}

/** Leaves nothing of a run to do. */
export async function endTurnsOf(tx: Statements, { tenantId, id }: RunKey): Promise<void> {
  const key = [tenantId, id];
  await tx.query(
    `update turn set state = 'superseded', lease_owner = null, control = null
     where tenant_id = $1 and run_id = $2 and state in ${LIVE_TURN}`,
    key,
  );
  await tx.query(
    `update wait set state = 'canceled', ended_pos = nextval('journal_pos') where tenant_id = $1 and run_id = $2 and state = 'open'`,
    key,
  );
  await tx.query(
    `update task set state = 'canceled', ended_pos = nextval('journal_pos') where tenant_id = $1 and run_id = $2 and state in ${LIVE_TASK}`,
    key,
  );
}

/** Ends runs whose deadline has passed, each in a transaction of its own. @returns those it ended */
export async function expireRuns(db: Database): Promise<string[]> {
  const due = await db.system((tx) =>
    tx.query<RunKey>(
      `select tenant_id as "tenantId", id from run where due_at <= now() and not ${HELD('run')} order by due_at limit ${DUE_LIMIT}`,
    ),
  );
  const ended: string[] = [];
  for (const run of due)
    ended.push(...(await db.system((tx) => endRun(tx, run, { how: 'expire', by: 'service:runtime' }))));
  if (ended.length > 0) db.emitted();
  return ended;
}

/** Appends to the run's story under the run's row lock, so that `seq` has no gap. */
export async function tell(tx: Statements, { tenantId, id }: RunKey, { type, data }: StoryLine): Promise<void> {
  await tx.query(
    `with r as (update run set next_seq = next_seq + 1 where tenant_id = $1 and id = $2 returning next_seq - 1 as seq)
     insert into run_event (tenant_id, run_id, seq, type, data) select $1, $2, seq, $3, $4 from r`,
    [tenantId, id, type, journalJson(data)],
  );
}
