/**
 * What goes with a worker: its turns are given back, and the waits of its commands end with their default, so that their
 * tasks go on elsewhere. What a command that was lost had counted against it counts on. Lock order: turn, run, wait.
 */
import type { Database, Statements } from '@conclave/postgres-kit';
import type { TurnKey } from './claimed-turn.js';
import { cleanText } from './journal-form.js';
import { GIVEN_BACK } from './postgres-control.js';
import { LOST_ATTEMPT, tellResets, type LostAttempt } from './postgres-resets.js';
import { ERROR_LIMIT } from './postgres-turns.js';
import { endWaits, type WaitRow } from './postgres-waits.js';

/** Why commands were lost. */
export interface Loss {
  /** Whether their workers died or froze. */
  readonly dead?: boolean;
  /** What went wrong with them. */
  readonly failure?: string;
}

/** Frees all that workers held. @returns how many turns and commands that were */
export async function freeWorkers(tx: Statements, workers: readonly string[], loss: Loss = {}): Promise<number> {
  const turns = await tx.query<LostAttempt>(
    `update turn set ${GIVEN_BACK}, ready_at = clock_timestamp(), lost = lost + $2
     where state = 'running' and lease_owner = any($1) returning ${LOST_ATTEMPT}`,
    [workers, loss.dead ? 1 : 0],
  );
  // Read when no turn of theirs can park any more.
  const commands = await tx.query<WaitRow>(
    `select tenant_id, run_id, task_id, no from wait where worker = any($1) and state = 'open'`,
    [workers],
  );
  await lockRuns(tx, [...turns, ...commands]);
  await tellResets(tx, turns);
  await loseCommands(tx, commands, loss);
  await tx.query('delete from worker where id = any($1)', [workers]);
  return turns.length + commands.length;
}

/** Their resets and their waits lock the same runs, in two statements. */
async function lockRuns(tx: Statements, of: readonly Pick<WaitRow, 'tenant_id' | 'run_id'>[]): Promise<void> {
  if (of.length === 0) return;
  await tx.query(
    `select from run where (tenant_id, id) in (select * from unnest($1::text[], $2::text[]))
     order by tenant_id, id for no key update`,
    [of.map(({ tenant_id }) => tenant_id), of.map(({ run_id }) => run_id)],
  );
}

/** Ends the waits of commands whose end nobody will tell. */
export async function loseCommands(tx: Statements, waits: readonly WaitRow[], loss: Loss = {}): Promise<void> {
  const lost = await endWaits(tx, waits, 'answered');
  if (lost.length === 0) return;
  await tx.query(
    `update turn t set lost = p.lost + $2, failures = p.failures + case when $3::text is null then 0 else 1 end,
       last_error = coalesce($3, p.last_error)
     from json_to_recordset($1::json) as x ("tenantId" text, "runId" text, "taskId" text, no int)
     join turn p on p.tenant_id = x."tenantId" and p.run_id = x."runId" and p.task_id = x."taskId" and p.no = x.no
     where t.tenant_id = x."tenantId" and t.run_id = x."runId" and t.task_id = x."taskId" and t.no = x.no + 1`,
    [
      JSON.stringify(lost),
      loss.dead ? 1 : 0,
      loss.failure === undefined ? null : cleanText(loss.failure).slice(0, ERROR_LIMIT),
    ],
  );
}

/** Whose ends somebody waits for, of the commands of a worker. */
export const openCommands = (db: Database, worker: string): Promise<TurnKey[]> =>
  db.system((tx) =>
    tx.query<TurnKey>(
      `select tenant_id as "tenantId", run_id as "runId", task_id as "taskId", no from wait
       where worker = $1 and state = 'open'`,
      [worker],
    ),
  );
