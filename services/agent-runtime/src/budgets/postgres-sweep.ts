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

/**
 * Budgets that tasks wait for and that have room for the least that did not fit, begin a new period, or are gone. When a
 * task parks after others were woken, nothing is known to be wanted: it is woken once, to say what it needs.
 */
const ROOMY = `
  with recursive waited as (
    (select tenant_id, key from wait where state = 'open' and kind = 'budget' order by tenant_id, key limit 1)
    union all
    select n.tenant_id, n.key from waited l cross join lateral (
      select tenant_id, key from wait
      where state = 'open' and kind = 'budget' and (tenant_id, key) > (l.tenant_id, l.key) order by tenant_id, key limit 1) n
  ), roomy as (
    select w.tenant_id, w.key, b.id from waited w left join budget b on b.tenant_id = w.tenant_id and b.id = w.key
    where b.id is null or b.ends_at <= clock_timestamp()
      or b.limit_micros - b.spent_micros - b.reserved_micros >= coalesce(b.wanted_micros, 0)
  )
  select tenant_id as "tenantId", key from roomy order by tenant_id, key`;

/** @returns how many tasks were woken */
export async function wakeWaiting(tx: Tx): Promise<number> {
  const roomy = await tx.query<{ tenantId: string; key: string }>(ROOMY);
  if (roomy.length === 0) return 0;
  await tx.query(
    `update budget b set wanted_micros = null from (
       select o.tenant_id, o.id from budget o
       join unnest($1::text[], $2::text[]) as x (tenant_id, id) on o.tenant_id = x.tenant_id and o.id = x.id
       order by o.tenant_id, o.id for no key update of o) l
     where b.tenant_id = l.tenant_id and b.id = l.id`,
    [roomy.map(({ tenantId }) => tenantId), roomy.map(({ key }) => key)],
  );
  let woken = 0;
  for (const { tenantId, key } of roomy)
    woken += await answerOpen(tx, { tenantId, kind: 'budget', key }, { budget: key, room: true });
  return woken;
}
