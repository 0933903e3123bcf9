/** Whose service a turn counts for while it runs: no cap is passed by a way round another provider. */
import type { Role } from '@conclave/postgres-kit';
import type { TurnKey } from './claimed-turn.js';
import { ALONE } from './postgres-claim.js';
import { ASKED, atWork } from './postgres-lines.js';

/** $1 tenant, $2 run, $3 task, $4 turn, $5 its epoch, $6 the provider. */
const COUNT = `
  update turn t set asks = $6
  where t.tenant_id = $1 and t.run_id = $2 and t.task_id = $3 and t.no = $4 and t.epoch = $5 and t.state = 'running'
    and not exists (
      select from cap c where c.tenant_id = $1 and c.kind = 'provider' and c.key = $6 and c.slots <= (
        select count(*) from ${atWork('$1')} where ${ASKED} = $6 and (t.run_id, t.task_id) <> ($2, $3)))
  returning 1`;

/** @returns whether it counts there now: its cap has room, and the turn is still held */
export async function countFor(claims: Role, turn: TurnKey & { epoch: number }, provider: string): Promise<boolean> {
  const { tenantId, runId, taskId, no, epoch } = turn;
  const counted = await claims.together([[ALONE], [COUNT, [tenantId, runId, taskId, no, epoch, provider]]]);
  return counted.length > 0;
}
