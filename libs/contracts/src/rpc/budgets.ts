/** How much may be spent on model calls, and what was. Money is in millionths of a US dollar, by the price table. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';

export const budgetScopes = ['tenant', 'workspace', 'run'] as const;
export const budgetPeriods = ['total', 'day', 'month'] as const;
export const budgetActions = ['park', 'refuse'] as const;

export const budget = z.object({
  id: idOf('budget'),
  scope: z.enum(budgetScopes),
  /** The tenant, workspace or run; what a run's children and forks spend counts as its own. */
  scopeId: z.string(),
  period: z.enum(budgetPeriods),
  /** What becomes of a call that does not fit: its task waits for room, or it fails. */
  action: z.enum(budgetActions),
  limitMicros: z.number().int(),
  /** In this period. */
  spentMicros: z.number().int(),
  /** Held for calls under way, each at the most it can cost. */
  reservedMicros: z.number().int(),
  /** Of the limit, spent; rounded down. */
  percent: z.number().int(),
  /** Of a day or month (UTC). */
  startsAt: timestamp.optional(),
  endsAt: timestamp.optional(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Budget = z.infer<typeof budget>;

const stability = 'beta' as const;
const tag = 'budgets';
const path = '/v1/budgets' as const;

/** Makes the budget of a scope and period, or changes it; what was spent in the period already counts. */
export const setBudget = contract({
  owner: 'runtime',
  subject: 'runtime.v1.budget.set',
  permission: 'budget:manage',
  attributes: ['scope', 'period', 'limitMicros'],
  request: z.strictObject({
    scope: z.enum(budgetScopes),
    /** The run; a tenant or workspace is the caller's own unless told. */
    scopeId: z.union([idOf('run'), idOf('workspace'), idOf('tenant')]).optional(),
    period: z.enum(budgetPeriods).default('total'),
    action: z.enum(budgetActions).default('park'),
    limitMicros: z.number().int().min(1),
  }),
  reply: budget,
  errors: ['runtime.budget.scope-not-found'],
  http: { method: 'PUT', path, summary: 'Set the budget of a tenant, workspace or run', tag, stability },
});

export const listBudgets = contract({
  owner: 'runtime',
  subject: 'runtime.v1.budget.list',
  permission: 'budget:read',
  request: z.strictObject({ ...pageQuery, scope: z.enum(budgetScopes).optional() }),
  reply: pageOf(budget),
  http: { method: 'GET', path, summary: 'List budgets with what is spent and held, newest first', tag, stability },
});

export const getBudget = contract({
  owner: 'runtime',
  subject: 'runtime.v1.budget.get',
  permission: 'budget:read',
  request: z.strictObject({ id: idOf('budget') }),
  reply: budget,
  errors: ['runtime.budget.not-found'],
  http: { method: 'GET', path: '/v1/budgets/{id}', summary: 'Read a budget', tag, stability },
});

/** What waited for room in it goes on. */
export const deleteBudget = contract({
  owner: 'runtime',
  subject: 'runtime.v1.budget.delete',
  permission: 'budget:manage',
  request: z.strictObject({ id: idOf('budget') }),
  reply: budget,
  errors: ['runtime.budget.not-found'],
  http: { method: 'DELETE', path: '/v1/budgets/{id}', summary: 'Remove a budget', tag, stability },
});

export const usageKeys = ['day', 'model', 'run', 'workspace'] as const;

const sums = {
  calls: z.number().int(),
  inputTokens: z.number().int(),
  /** Of the input, what the provider had cached. */
  cachedTokens: z.number().int(),
  outputTokens: z.number().int(),
  costMicros: z.number().int(),
};

const day = z.iso.date().refine((text) => text >= '1970-01-01', { error: 'expected a day since 1970-01-01' });

/** The ledger's sums by day (UTC), model, run or workspace; the greatest key first. `total` is of all pages. */
export const getUsage = contract({
  owner: 'runtime',
  subject: 'runtime.v1.usage.get',
  permission: 'budget:read',
  request: z.strictObject({
    ...pageQuery,
    by: z.enum(usageKeys).default('day'),
    /** First and last day, both included. */
    from: day.optional(),
    to: day.optional(),
  }),
  reply: pageOf(z.object({ key: z.string(), ...sums })).extend({ total: z.object(sums) }),
  http: { method: 'GET', path: '/v1/usage', summary: 'What model calls used and cost', tag, stability },
});
