/** What becomes of holds and waits when nobody comes for them; read from what is there, so that nothing can be missed. */
import type { Tx } from '@conclave/postgres-kit';
import { answerOpen } from '../engine/postgres-waits.js';
import type { Call } from './account.js';

/** Those to release at once. */
const ABANDONED_LIMIT = 200;

/** Calls whose hold is over. */
export const abandonedCalls = (tx: Tx): Promise<Call[]> =>
  tx.query<Call>(
    `select tenant_id as "tenantId", run_id as "runId", call_id as "callId" from budget_hold
     where expires_at <= clock_timestamp() order by expires_at limit ${ABANDONED_LIMIT}`,
  );

/** Of a wait: what its call did not find room for. As the index has it. */
const NEEDED = `((about->>'neededMicros')::numeric)`;

/** Budgets that tasks wait for and that have room for the least that any of them needs, begin a new period, or are gone. */
const ROOMY = `
  with recursive waited as (
    (select tenant_id, key, ${NEEDED} as needed from wait
     where state = 'open' and kind = 'budget' order by tenant_id, key, ${NEEDED} limit 1)
    union all
    select n.* from waited l cross join lateral (
      select tenant_id, key, ${NEEDED} from wait
      where state = 'open' and kind = 'budget' and (tenant_id, key) > (l.tenant_id, l.key)
      order by tenant_id, key, ${NEEDED} limit 1) n
  )
  select w.tenant_id as "tenantId", w.key from waited w left join budget b on b.tenant_id = w.tenant_id and b.id = w.key
  where b.id is null or b.ends_at <= clock_timestamp()
    or b.limit_micros - b.spent_micros - b.reserved_micros >= w.needed
  order by w.tenant_id, w.key`;

/** @returns how many tasks were woken */
export async function wakeWaiting(tx: Tx): Promise<number> {
  const roomy = await tx.query<{ tenantId: string; key: string }>(ROOMY);
  let woken = 0;
  for (const { tenantId, key } of roomy)
    woken += await answerOpen(tx, { tenantId, kind: 'budget', key }, { budget: key, room: true });
  return woken;
}
