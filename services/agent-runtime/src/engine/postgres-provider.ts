/** Whose service a turn counts for while it runs: no cap is passed by a way round another provider. */
import type { Role } from '@conclave/postgres-kit';
import type { TurnKey } from './claimed-turn.js';
import { ALONE } from './postgres-claim.js';
import { ASKED, atWork } from './postgres-lines.js';

/** $1 tenant, $2 run, $3 task, $4 turn, $5 its epoch, $6 the provider. Its row is not waited for: whoever has it is about to end or pause it. */
const count = (isFree: string): string => `
  update turn t set asks = $6 from (
    select r.ctid as place from turn r
    where r.tenant_id = $1 and r.run_id = $2 and r.task_id = $3 and r.no = $4 and r.epoch = $5 and r.state = 'running'
    for no key update skip locked) held
  where t.ctid = held.place and ${isFree} returning 1`;

const cap = (isFull: string): string =>
  `not exists (select from cap c where c.tenant_id = $1 and c.kind = 'provider' and c.key = $6 ${isFull})`;

/** Nobody else is kept waiting for it. */
const WITHOUT_CAP = count(cap(''));
const WITHIN_CAP = count(
  cap(`and c.slots <= (
    select count(*) from ${atWork('$1')} where ${ASKED} = $6 and (t.run_id, t.task_id) <> ($2, $3))`),
);

/** @returns whether it counts there now: its cap has room, and the turn is still held */
export async function countFor(claims: Role, turn: TurnKey & { epoch: number }, provider: string): Promise<boolean> {
  const { tenantId, runId, taskId, no, epoch } = turn;
  const values = [tenantId, runId, taskId, no, epoch, provider];
  if ((await claims.autocommit().query(WITHOUT_CAP, values)).length > 0) return true;
  return (await claims.together([[ALONE], [WITHIN_CAP, values]])).length > 0;
}
