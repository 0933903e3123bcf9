/**
 * Moves of money, many at once, on budgets that are locked: each is admitted or refused by the pure rules of run-core,
 * in the order in which they came. What is to be written is kept here until the batch is done.
 */
import { events } from '@conclave/contracts';
import {
  crossed,
  held,
  isOver,
  periodAt,
  renewed,
  roomIn,
  settled,
  type BudgetPeriod,
  type BudgetState,
} from '@conclave/run-core';
import type { z } from 'zod';

/** One call of a model; made again after a crash, it is the same. */
export interface Call {
  readonly tenantId: string;
  readonly runId: string;
  readonly callId: string;
}

/** What the ledger says of a call. */
export interface Entry {
  readonly model: string;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
  readonly priceVersion: string;
}

export type Move =
  /** `micros` is undefined when nobody knows what the call may cost: no budget admits it. */
  | { readonly kind: 'reserve'; readonly call: Call; readonly micros: number | undefined; readonly holdMs: number }
  | { readonly kind: 'settle'; readonly call: Call; readonly entry: Entry }
  /** Only the hold of that grant, which nobody else has taken over; without one, only a hold whose time is over. */
  | { readonly kind: 'release'; readonly call: Call; readonly grant?: Grant };

export interface Budget extends BudgetState {
  readonly tenantId: string;
  readonly id: string;
  readonly scope: string;
  readonly scopeId: string;
  readonly period: BudgetPeriod;
  readonly action: 'park' | 'refuse';
  readonly startsAt: number | null;
}

/** Why a call may not be made now: the first budget it does not fit, one that refuses before one that parks. */
export interface Refusal {
  readonly budget: Budget;
  readonly neededMicros: number | undefined;
}

/** What a call has been granted. Whoever makes the call again takes its hold over: then it lasts longer. */
export interface Grant {
  /** Until when, as Postgres writes it. */
  readonly until: string;
}

export interface Hold {
  readonly call: Call;
  readonly micros: number;
  readonly holdMs: number;
}

type Told = z.input<typeof events.budgetThreshold.data>;

/** What is known of a call when its batch begins. */
export interface CallState {
  readonly call: Call;
  /** Of its hold, if it has one. */
  readonly micros: number | null;
  /** Until when that lasts, as Postgres writes it; null, too, when the hold is of this batch. */
  readonly until: string | null;
  readonly expired: boolean;
  /** Whether the ledger has it. */
  readonly booked: boolean;
}

export class Account {
  readonly changed = new Set<string>();
  readonly holds = new Map<string, Hold>();
  readonly released = new Map<string, Call>();
  readonly entries: (Entry & { readonly call: Call })[] = [];
  readonly told: { readonly tenantId: string; readonly data: Told }[] = [];
  private readonly budgets = new Map<string, Budget>();
  private readonly calls: Map<string, CallState>;

  /** `above` names the budgets of each run; `now` is the database's. */
  constructor(
    budgets: readonly Budget[],
    private readonly above: ReadonlyMap<string, ReadonlySet<string>>,
    calls: readonly CallState[],
    now: number,
  ) {
    for (const budget of budgets)
      this.budgets.set(
        budget.id,
        isOver(budget, now) ? { ...renewed(budget), ...periodAt(budget.period, now) } : budget,
      );
    this.calls = new Map(calls.map((state) => [keyOf(state.call), state]));
  }

  /** The budgets as they are to be written. */
  get written(): Budget[] {
    return [...this.changed].map((id) => this.budgets.get(id)!);
  }

  move(move: Move): Refusal | undefined {
    const state = this.calls.get(keyOf(move.call))!;
    if (move.kind === 'reserve') return this.reserve(move, state);
    if (move.kind === 'settle') this.settle(move.call, state, move.entry);
    else if (move.grant ? move.grant.until === state.until : state.expired) this.settle(move.call, state, undefined);
    return undefined;
  }

  /** A call that is made again keeps its hold, and needs room only for what it may cost more. */
  private reserve({ call, micros, holdMs }: Move & { kind: 'reserve' }, state: CallState): Refusal | undefined {
    const before = state.micros ?? 0;
    const more = Math.max(0, (micros ?? 0) - before);
    const all = this.of(call);
    if (micros === undefined && all.length > 0) return { budget: all[0]!, neededMicros: undefined };
    const full = all.filter((budget) => held(budget, more) === undefined);
    if (full.length > 0) {
      for (const budget of full) this.put(budget, true);
      return { budget: full.find(({ action }) => action === 'refuse') ?? full[0]!, neededMicros: more };
    }
    for (const budget of all) this.put(held(budget, more)!, false);
    const hold = { call, micros: before + more, holdMs };
    this.holds.set(keyOf(call), hold);
    this.released.delete(keyOf(call));
    this.calls.set(keyOf(call), { ...state, micros: hold.micros, until: null, expired: false });
    return undefined;
  }

  /** Ends a hold. A call is booked once, however often it was made or told. */
  private settle(call: Call, state: CallState, entry: Entry | undefined): void {
    const books = entry !== undefined && !state.booked;
    if (!books && state.micros === null) return;
    if (books) this.entries.push({ ...entry, call });
    const cost = books ? entry.costMicros : 0;
    for (const budget of this.of(call)) this.put(settled(budget, state.micros ?? 0, cost), false);
    this.holds.delete(keyOf(call));
    this.released.set(keyOf(call), call);
    this.calls.set(keyOf(call), { call, micros: null, until: null, expired: false, booked: state.booked || books });
  }

  private of({ tenantId, runId }: Call): Budget[] {
    return [...(this.above.get(runKey(tenantId, runId)) ?? [])].map((id) => this.budgets.get(id)!);
  }

  private put(next: Budget, full: boolean): void {
    const { budget, told } = crossed(next, full);
    this.budgets.set(budget.id, budget);
    this.changed.add(budget.id);
    for (const percent of told) this.told.push({ tenantId: budget.tenantId, data: { ...factsOf(budget), percent } });
  }
}

export const runKey = (tenantId: string, runId: string): string => `${tenantId}/${runId}`;
export const keyOf = ({ tenantId, runId, callId }: Call): string => `${runKey(tenantId, runId)}/${callId}`;

const factsOf = (budget: Budget): Omit<Told, 'percent'> => ({
  ...{ budget: budget.id, scope: budget.scope, scopeId: budget.scopeId, period: budget.period },
  ...(budget.startsAt === null ? {} : { startsAt: new Date(budget.startsAt).toISOString() }),
  ...{ limitMicros: budget.limit, spentMicros: budget.spent, reservedMicros: budget.reserved },
});

/** What is left of the budget that refused. */
export const roomOf = ({ budget }: Refusal): number => Math.max(0, roomIn(budget));
