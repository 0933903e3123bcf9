import { Inject, Injectable } from '@nestjs/common';
import { budgets, ConclaveError, newId, type Budget, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, pageBy, pageOf, type Actor, type Statements, type Tx } from '@conclave/postgres-kit';
import { limited, percentSpent, periodAt, isOver, renewed } from '@conclave/run-core';
import type { Budget as Row } from './account.js';
import { BUDGET } from './postgres-account.js';

type Stored = Row & { readonly createdAt: Date; readonly updatedAt: Date };
type Reader = Actor & Pick<RequestContext, 'workspaceId'>;

const STORED = `${BUDGET}, b.created_at as "createdAt", b.updated_at as "updatedAt"`;
/** $1 tenant, $2 workspace. */
const VISIBLE = `b.tenant_id = $1 and (b.workspace_id is null or b.workspace_id = $2)`;

/** Budgets as people set and read them: their tenant's, and those of their workspace and its runs. */
@Injectable()
export class PostgresBudgets {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws ConclaveError `runtime.budget.scope-not-found` */
  set(ctx: RequestContext, request: RequestOf<typeof budgets.setBudget>): Promise<Budget> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, budgets.setBudget, request, async () => {
        const place = await placeOf(tx, ctx, request);
        await alone(tx, ctx);
        const known = await tx.one<Stored>(
          `select ${STORED} from budget b where ${VISIBLE} and b.scope = $3 and b.scope_id = $4 and b.period = $5 for no key update`,
          [ctx.tenantId, ctx.workspaceId, request.scope, place.scopeId, request.period],
        );
        return toBudget(known ? await change(tx, known, request) : await make(tx, ctx, request, place));
      }),
    );
  }

  /** @throws ConclaveError `runtime.budget.not-found` */
  async get(ctx: Reader, id: string): Promise<Budget> {
    return toBudget(await find(this.db.autocommit(ctx), ctx, id));
  }

  async list(
    ctx: Reader,
    { limit, after, scope }: RequestOf<typeof budgets.listBudgets>,
  ): Promise<ReplyOf<typeof budgets.listBudgets>> {
    const rows = await this.db.autocommit(ctx).query<Stored>(
      `select ${STORED} from budget b where ${VISIBLE} and ($3::text is null or b.id < $3) and ($4::text is null or b.scope = $4)
       order by b.id desc limit $5`,
      [ctx.tenantId, ctx.workspaceId, after ?? null, scope ?? null, limit + 1],
    );
    return pageOf(rows.map(toBudget), limit);
  }

  /** @throws ConclaveError `runtime.budget.not-found` */
  remove(ctx: RequestContext, id: string): Promise<Budget> {
    return this.db.tx(ctx, async (tx) => {
      await alone(tx, ctx);
      const budget = await find(tx, ctx, id);
      await tx.query('delete from budget where tenant_id = $1 and id = $2', [ctx.tenantId, id]);
      return toBudget(budget);
    });
  }

  async usage(
    ctx: Actor,
    { by, from, to, limit, after }: RequestOf<typeof budgets.getUsage>,
  ): Promise<ReplyOf<typeof budgets.getUsage>> {
    const days = [ctx.tenantId, from ?? null, to ?? null];
    const db = this.db.autocommit(ctx);
    const [rows, total] = await Promise.all([
      db.query<{ key: string } & Sums>(
        `select key, ${SUMS} from (select ${KEYS[by]} as key, l.* ${LEDGER}) l where ($4::text is null or key < $4)
         group by key order by key desc limit $5`,
        [...days, after ?? null, limit + 1],
      ),
      db.one<Sums>(`select ${SUMS} ${LEDGER}`, days),
    ]);
    return { ...pageBy(rows, limit, ({ key }) => key), total: total! };
  }
}

type Sums = ReplyOf<typeof budgets.getUsage>['total'];

const SUMS = `count(*)::float8 as calls, coalesce(sum(l.input_tokens), 0)::float8 as "inputTokens",
  coalesce(sum(l.cached_tokens), 0)::float8 as "cachedTokens", coalesce(sum(l.output_tokens), 0)::float8 as "outputTokens",
  coalesce(sum(l.cost_micros), 0)::float8 as "costMicros"`;
const KEYS = {
  day: `to_char(l.at at time zone 'UTC', 'YYYY-MM-DD') collate "C"`,
  model: 'l.model collate "C"',
  run: 'l.run_id',
  workspace: 'r.workspace_id',
} as const;
/** $1 tenant, $2 and $3 the first and last day or null. */
const LEDGER = `from usage_ledger l join run r on r.tenant_id = l.tenant_id and r.id = l.run_id
  where l.tenant_id = $1 and ($2::date is null or l.at >= $2::date::timestamp at time zone 'UTC')
    and ($3::date is null or l.at < ($3::date + 1)::timestamp at time zone 'UTC')`;

async function find(db: Statements, ctx: Reader, id: string): Promise<Stored> {
  const row = await db.one<Stored>(`select ${STORED} from budget b where ${VISIBLE} and b.id = $3`, [
    ctx.tenantId,
    ctx.workspaceId,
    id,
  ]);
  if (!row) throw new ConclaveError('runtime.budget.not-found', { id });
  return row;
}

interface Place {
  readonly scopeId: string;
  /** Null for a tenant. */
  readonly workspaceId: string | null;
}

async function placeOf(
  tx: Tx,
  { tenantId, workspaceId }: Reader,
  { scope, scopeId }: RequestOf<typeof budgets.setBudget>,
): Promise<Place> {
  const own = { tenant: tenantId, workspace: workspaceId, run: undefined }[scope];
  if (scope !== 'run' && own !== undefined && (scopeId ?? own) === own)
    return { scopeId: own, workspaceId: scope === 'tenant' ? null : own };
  const run =
    scope === 'run' &&
    (await tx.one('select id from run where tenant_id = $1 and id = $2 and workspace_id = $3', [
      tenantId,
      scopeId,
      workspaceId,
    ]));
  if (!run) throw new ConclaveError('runtime.budget.scope-not-found', { scope, ...(scopeId ? { scopeId } : {}) });
  return { scopeId: scopeId!, workspaceId: workspaceId! };
}

/** No call of the tenant holds or spends until this transaction ends. */
const alone = (tx: Tx, { tenantId }: Actor): Promise<unknown> =>
  tx.query(`select pg_advisory_xact_lock(hashtextextended('runtime.budget/' || $1, 0))`, [tenantId]);

async function change(tx: Tx, known: Stored, { limitMicros, action }: RequestOf<typeof budgets.setBudget>) {
  const { limit, excess, told } = limited(current(known, Date.now()), limitMicros);
  return (await tx.one<Stored>(
    `update budget b set limit_micros = $3, action = $4, excess_micros = $5, told = $6, updated_at = clock_timestamp()
     where tenant_id = $1 and id = $2 returning ${STORED}`,
    [known.tenantId, known.id, limit, action, Math.max(excess, known.spent + known.reserved - limit), told],
  ))!;
}

/** What the runs of a scope spent in the period, and what is held for them now. */
const COUNTED = `
  with recursive line as (
    select r.tenant_id, r.id from run r where r.tenant_id = $1 and r.id = $3
    union
    select r.tenant_id, r.id from line l cross join lateral (
      select c.tenant_id, c.id from run c where c.tenant_id = l.tenant_id and c.parent_run_id = l.id
      union all select f.tenant_id, f.id from run f where f.tenant_id = l.tenant_id and f.forked_from = l.id) r
  ), below as (
    select r.id from run r where r.tenant_id = $1 and ($2 = 'tenant' or $2 = 'workspace' and r.workspace_id = $3)
    union select id from line where $2 = 'run'
  )
  select
    (select coalesce(sum(l.cost_micros), 0) from usage_ledger l join below on below.id = l.run_id
      where l.tenant_id = $1 and ($4::timestamptz is null or l.at >= $4))::float8 as spent,
    (select coalesce(sum(h.micros), 0) from budget_hold h join below on below.id = h.run_id where h.tenant_id = $1)::float8 as reserved`;

async function make(
  tx: Tx,
  { tenantId }: Actor,
  { scope, period, action, limitMicros }: RequestOf<typeof budgets.setBudget>,
  { scopeId, workspaceId }: Place,
): Promise<Stored> {
  const { startsAt, endsAt } = periodAt(period, Date.now());
  const time = (at: number | null): Date | null => (at === null ? null : new Date(at));
  const counted = await tx.one<Pick<Row, 'spent' | 'reserved'>>(COUNTED, [tenantId, scope, scopeId, time(startsAt)]);
  const fresh = { ...counted!, limit: 0, excess: 0, told: [], endsAt };
  const { spent, reserved, excess, told } = limited(fresh, limitMicros);
  return (await tx.one<Stored>(
    `insert into budget as b (tenant_id, id, workspace_id, scope, scope_id, period, action, limit_micros, spent_micros, reserved_micros,
       excess_micros, told, starts_at, ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning ${STORED}`,
    [
      ...[tenantId, newId('budget'), workspaceId, scope, scopeId, period, action, limitMicros, spent, reserved],
      ...[excess, told, time(startsAt), time(endsAt)],
    ],
  ))!;
}

/** A period that is over is not shown any more, though no call has begun the next. */
const current = <B extends Row>(row: B, now: number): B =>
  isOver(row, now) ? { ...renewed(row), ...periodAt(row.period, now) } : row;

function toBudget(row: Stored): Budget {
  const { startsAt, endsAt, ...now } = current(row, Date.now());
  return {
    ...{ id: now.id, scope: now.scope as Budget['scope'], scopeId: now.scopeId, period: now.period },
    ...{ action: now.action, limitMicros: now.limit, spentMicros: now.spent, reservedMicros: now.reserved },
    percent: percentSpent(now),
    ...(startsAt === null ? {} : { startsAt: new Date(startsAt).toISOString() }),
    ...(endsAt === null ? {} : { endsAt: new Date(endsAt).toISOString() }),
    ...{ createdAt: now.createdAt.toISOString(), updatedAt: now.updatedAt.toISOString() },
  };
}
