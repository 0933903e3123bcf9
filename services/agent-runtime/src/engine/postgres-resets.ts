/** What viewers saw of an attempt that is over without a result is void, and the run's story says so. */
import type { Statements } from '@conclave/postgres-kit';
import { ENDED_RUN } from './state-lists.js';

/** A turn that will be done again, and the attempt that came to nothing. */
export interface LostAttempt {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly no: number;
  readonly attempt: number;
}

/** The columns of a turn that make a lost attempt. */
export const LOST_ATTEMPT = 'tenant_id, run_id, task_id, no, attempt';

/** $1 attempts, whose turns the transaction has locked. A run that has ended says nothing more. */
const TELL = `
  with x as materialized (
    select tenant_id, run_id, json_agg(json_build_object('task', task_id, 'turn', no, 'attempt', attempt) order by task_id, no) as turns
    from json_to_recordset($1::json) as x (tenant_id text, run_id text, task_id text, no int, attempt int)
    group by tenant_id, run_id
  ), r as materialized (
    select r.tenant_id, r.id, r.next_seq, x.turns from x join run r on r.tenant_id = x.tenant_id and r.id = x.run_id
    where r.state not in ${ENDED_RUN}
    order by r.tenant_id, r.id for no key update of r
  ), u as (
    update run set next_seq = r.next_seq + json_array_length(r.turns), updated_at = clock_timestamp() from r
    where run.tenant_id = r.tenant_id and run.id = r.id
  )
  insert into run_event (tenant_id, run_id, seq, type, data)
  select r.tenant_id, r.id, r.next_seq + t.n - 1, 'turn.reset', t.v
  from r, json_array_elements(r.turns) with ordinality t (v, n)`;

export async function tellResets(tx: Statements, lost: readonly LostAttempt[]): Promise<void> {
  if (lost.length > 0) await tx.query(TELL, [JSON.stringify(lost)]);
}
