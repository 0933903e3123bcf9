/** What happens to turns besides being claimed, journaled and finished. */
import type { Statements } from '@conclave/postgres-kit';
import { RESULTS_LIMIT_BYTES, ResultsTooLarge, type Json, type Steering } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';
import { cleanText } from './journal-form.js';
import { GIVEN_BACK } from './postgres-control.js';
import { LOST_ATTEMPT, type LostAttempt } from './postgres-resets.js';

export const ERROR_LIMIT = 2_000;

/**
 * Gives a turn back to be tried again after `delayMs`; `failure` counts against its attempts.
 *
 * @returns the attempt that came to nothing, unless it had been lost before
 */
export async function giveBack(
  db: Statements,
  turn: ClaimedTurn,
  delayMs: number,
  failure?: string,
): Promise<LostAttempt[]> {
  return db.query<LostAttempt>(
    `update turn set ${GIVEN_BACK}, ready_at = clock_timestamp() + $7 * interval '1 ms',
       failures = failures + case when $8::text is null then 0 else 1 end, last_error = coalesce($8, last_error)
     where tenant_id = $1 and run_id = $2 and task_id = $3 and no = $4 and lease_owner = $5 and epoch = $6
     returning ${LOST_ATTEMPT}`,
    [
      ...[turn.tenantId, turn.runId, turn.taskId, turn.no, turn.owner, turn.epoch, delayMs],
      failure === undefined ? null : cleanText(failure).slice(0, ERROR_LIMIT),
    ],
  );
}

/** What every task of the run has journaled under `name`, by task id. */
export async function stepsOf(db: Statements, turn: ClaimedTurn, name: string): Promise<Record<string, Json>> {
  const rows = await db.query<{ task_id: string; result: Json }>(
    'select task_id, result from step where tenant_id = $1 and run_id = $2 and name = $3',
    [turn.tenantId, turn.runId, name],
  );
  return Object.fromEntries(rows.map((row) => [row.task_id, row.result]));
}

/** The results of tasks of the run that are done, by id. @throws ResultsTooLarge before any of them is read */
export async function resultsOf(
  db: Statements,
  turn: ClaimedTurn,
  taskIds: readonly string[],
): Promise<Record<string, Json>> {
  const rows = await db.query<{ id: string; result: Json; fits: boolean }>(
    `select id, case when fits then result end as result, fits from (
       select id, result, sum(octet_length(result::text)) over () <= $4 as fits from task
       where tenant_id = $1 and run_id = $2 and id = any($3) and state = 'done') t`,
    [turn.tenantId, turn.runId, taskIds, RESULTS_LIMIT_BYTES],
  );
  if (rows.some(({ fits }) => !fits)) throw new ResultsTooLarge();
  return Object.fromEntries(rows.map(({ id, result }) => [id, result]));
}

/** What people said to the run after message `no`. */
export function messagesAfter(db: Statements, turn: ClaimedTurn, no: number): Promise<Steering[]> {
  return db.query('select no, text from run_message where tenant_id = $1 and run_id = $2 and no > $3 order by no', [
    turn.tenantId,
    turn.runId,
    no,
  ]);
}

/** Which of these runs still have something to do, of whatever tenant. */
export async function unsettled(db: Statements, runIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ run_id: string }>(
    `select run_id from turn where run_id = any($1) and state = 'ready'
     union select run_id from turn where run_id = any($1) and state = 'running'
     union select run_id from turn where run_id = any($1) and state = 'paused'
     union select run_id from wait where run_id = any($1) and state = 'open'`,
    [runIds],
  );
  return new Set(rows.map((row) => row.run_id));
}
