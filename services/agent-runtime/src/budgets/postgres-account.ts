/** Moves of money in one transaction. Lock order: tenants (shared), budgets by their ids, holds by their keys. */
import { events, laneOf, newId } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import {
  Account,
  keyOf,
  runKey,
  type Budget,
  type Call,
  type CallState,
  type Grant,
  type Move,
  type Refusal,
} from './account.js';

/** Whoever sets a budget has the tenant's lock alone: what is spent and held meanwhile would be counted twice or never. */
const TENANTS = `
  select pg_advisory_xact_lock_shared(k) from (
    select distinct hashtextextended('runtime.budget/' || tenant, 0) as k from unnest($1::text[]) as tenant order by k) locks`;

/** What a budget's row is as a value; for `b`. */
export const BUDGET = `b.tenant_id as "tenantId", b.id, b.scope, b.scope_id as "scopeId", b.period, b.action,
  b.limit_micros::float8 as "limit", b.spent_micros::float8 as spent, b.reserved_micros::float8 as reserved,
  b.excess_micros::float8 as excess, b.told,
  (extract(epoch from b.starts_at) * 1000)::float8 as "startsAt", (extract(epoch from b.ends_at) * 1000)::float8 as "endsAt"`;

/**
 * The budgets above each run: its tenant's, its workspace's, its own, and those of the runs it comes from as a child or
 * a fork.
 */
const LOCK = `
  with recursive x as (
    select distinct tenant, run from json_to_recordset($1::json) as x (tenant text, run text)
  ), line as (
    select r.tenant_id, x.run as of, r.id, r.workspace_id, r.parent_run_id, r.forked_from
    from x join run r on r.tenant_id = x.tenant and r.id = x.run
    union
    select r.tenant_id, l.of, r.id, r.workspace_id, r.parent_run_id, r.forked_from
    from line l cross join lateral (values (l.parent_run_id), (l.forked_from)) as up (id)
    join run r on r.tenant_id = l.tenant_id and r.id = up.id
  ), place as (
    select tenant_id, of, 'run' as scope, id as scope_id from line
    union select tenant_id, of, 'workspace', workspace_id from line
    union select tenant_id, of, 'tenant', tenant_id from line
  )
  select p.of, ${BUDGET}
  from place p join budget b on b.tenant_id = p.tenant_id and b.scope = p.scope and b.scope_id = p.scope_id
  order by b.tenant_id, b.id for no key update of b`;

const CALLS = `
  select x.tenant as "tenantId", x.run as "runId", x.call as "callId", h.micros::float8 as micros,
    h.expires_at::text as until, coalesce(h.expires_at <= statement_timestamp(), false) as expired, l.call_id is not null as booked,
    (extract(epoch from statement_timestamp()) * 1000)::float8 as now
  from json_to_recordset($1::json) as x (tenant text, run text, call text)
  left join budget_hold h on h.tenant_id = x.tenant and h.run_id = x.run and h.call_id = x.call
  left join usage_ledger l on l.tenant_id = x.tenant and l.run_id = x.run and l.call_id = x.call`;

const BUDGETS = `
  update budget b set spent_micros = x.spent, reserved_micros = x.reserved, excess_micros = x.excess,
    told = x.told, starts_at = to_timestamp(x."startsAt" / 1000), ends_at = to_timestamp(x."endsAt" / 1000)
  from json_to_recordset($1::json) as x ("tenantId" text, id text, spent bigint, reserved bigint, excess bigint,
    told smallint[], "startsAt" float8, "endsAt" float8)
  where b.tenant_id = x."tenantId" and b.id = x.id`;

const HOLDS = `
  insert into budget_hold (tenant_id, run_id, call_id, micros, expires_at)
  select tenant, run, call, micros, clock_timestamp() + "holdMs" * interval '1 ms'
  from json_to_recordset($1::json) as x (tenant text, run text, call text, micros bigint, "holdMs" float8)
  order by tenant, run, call
  on conflict (tenant_id, run_id, call_id) do update set micros = excluded.micros, expires_at = excluded.expires_at
  returning tenant_id as "tenantId", run_id as "runId", call_id as "callId", expires_at::text as until`;

const RELEASE = `
  delete from budget_hold h using json_to_recordset($1::json) as x (tenant text, run text, call text)
  where h.tenant_id = x.tenant and h.run_id = x.run and h.call_id = x.call`;

const BOOK = `
  insert into usage_ledger (tenant_id, run_id, call_id, model, input_tokens, cached_tokens, output_tokens, cost_micros, price_version, at)
  select tenant, run, call, model, "inputTokens", "cachedTokens", "outputTokens", "costMicros", "priceVersion", to_timestamp($2::float8 / 1000)
  from json_to_recordset($1::json) as x (tenant text, run text, call text, model text, "inputTokens" int, "cachedTokens" int,
    "outputTokens" int, "costMicros" bigint, "priceVersion" text)
  on conflict do nothing`;

const TELL = `
  insert into outbound_event (id, tenant_id, lane, type, actor, data)
  select id, tenant, lane, '${events.budgetThreshold.type}', 'service:runtime', data
  from json_to_recordset($1::json) as x (id text, tenant text, lane smallint, data json)`;

/** Nothing for what only ends a hold. */
export type Moved = Grant | Refusal | undefined;

/** @returns what became of each move, and whether events were told */
export async function moveMoney(
  tx: Tx,
  moves: readonly Move[],
): Promise<{ readonly moved: readonly Moved[]; readonly told: boolean }> {
  const calls = moves.map(({ call }) => call);
  const [, locked, rows] = await Promise.all([
    tx.query(TENANTS, [[...new Set(calls.map(({ tenantId }) => tenantId))]]),
    tx.query<Budget & { of: string }>(LOCK, [JSON.stringify(calls.map(placeOf))]),
    tx.query<Call & Omit<CallState, 'call'> & { now: number }>(CALLS, [JSON.stringify(calls.map(placeOf))]),
  ]);
  const now = rows[0]!.now;
  const above = new Map<string, Set<string>>();
  for (const { of, tenantId, id } of locked)
    above.set(runKey(tenantId, of), (above.get(runKey(tenantId, of)) ?? new Set<string>()).add(id));
  const states = rows.map(({ tenantId, runId, callId, ...state }) => ({ ...state, call: { tenantId, runId, callId } }));
  const account = new Account(locked, above, states, now);
  const refusals = moves.map((move) => account.move(move));
  const grants = await write(tx, account, now);
  const moved = moves.map(
    (move, at): Moved => refusals[at] ?? (move.kind === 'reserve' ? grants(move.call) : undefined),
  );
  return { moved, told: account.told.length > 0 };
}

/** @returns the grant of each call that was held; one whose hold has ended in its batch lasts no longer */
async function write(tx: Tx, account: Account, now: number): Promise<(call: Call) => Grant> {
  const send = <Row extends object>(
    sql: string,
    rows: readonly object[],
    ...more: readonly unknown[]
  ): Promise<Row[]> => (rows.length > 0 ? tx.query<Row>(sql, [JSON.stringify(rows), ...more]) : Promise.resolve([]));
  const [held] = await Promise.all([
    send<Call & Grant>(
      HOLDS,
      [...account.holds.values()].map(({ call, micros, holdMs }) => ({ ...placeOf(call), micros, holdMs })),
    ),
    send(BUDGETS, account.written),
    send(RELEASE, [...account.released.values()].map(placeOf)),
    send(
      BOOK,
      account.entries.map(({ call, ...entry }) => ({ ...placeOf(call), ...entry })),
      now,
    ),
    send(
      TELL,
      account.told.map(({ tenantId, data }) => ({
        ...{ id: newId('event'), tenant: tenantId, lane: laneOf(tenantId) },
        data: events.budgetThreshold.data.parse(data),
      })),
    ),
  ]);
  const grants = new Map(held.map((hold) => [keyOf(hold), { until: hold.until }]));
  return (call) => grants.get(keyOf(call)) ?? { until: '' };
}

const placeOf = ({ tenantId, runId, callId }: Call) => ({ tenant: tenantId, run: runId, call: callId });
