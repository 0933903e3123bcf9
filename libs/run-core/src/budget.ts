/**
 * The arithmetic of one budget: what is spent and held may never pass its limit. A call is admitted at the most it can
 * cost, which is held until its true cost is known. Money is in millionths of a US dollar, time in milliseconds since
 * the epoch; days and months are those of UTC.
 *
 * Invariant: spent + reserved <= limit + excess. `excess` is what stands above the limit by no admission: it was spent or
 * held before the limit was lowered, or a call cost more than was held for it.
 */

export type BudgetPeriod = 'total' | 'day' | 'month';

export interface BudgetState {
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
  readonly excess: number;
  /** The thresholds told in this period. */
  readonly told: readonly number[];
  /** When the period is over; null when never. */
  readonly endsAt: number | null;
}

export const thresholds = [50, 80, 100] as const;
export type Threshold = (typeof thresholds)[number];

/** The period that holds `at`; from the beginning of time to its end for `total`. */
export function periodAt(period: BudgetPeriod, at: number): { startsAt: number | null; endsAt: number | null } {
  if (period === 'total') return { startsAt: null, endsAt: null };
  const day = new Date(at);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
  if (period === 'month') return { startsAt: Date.UTC(year, month, 1), endsAt: Date.UTC(year, month + 1, 1) };
  const date = day.getUTCDate();
  return { startsAt: Date.UTC(year, month, date), endsAt: Date.UTC(year, month, date + 1) };
}

/** Whether the period is over at `at`. A clock that jumps back brings no period back. */
export const isOver = ({ endsAt }: Pick<BudgetState, 'endsAt'>, at: number): boolean => endsAt !== null && at >= endsAt;

/** Nothing is spent in a new period; what is held is held on, and costs in the period in which it is known. */
export const renewed = <B extends BudgetState>(budget: B): B => ({
  ...budget,
  spent: 0,
  excess: Math.max(0, budget.reserved - budget.limit),
  told: [],
});

/** What is left to be admitted. */
export const roomIn = ({ limit, spent, reserved }: Pick<BudgetState, 'limit' | 'spent' | 'reserved'>): number =>
  limit - spent - reserved;

/** With `amount` held more, or undefined when it does not fit; nothing always fits. */
export const held = <B extends BudgetState>(budget: B, amount: number): B | undefined =>
  amount === 0 || amount <= roomIn(budget) ? { ...budget, reserved: budget.reserved + amount } : undefined;

/** With a hold gone and its call's cost spent; a cost above the hold is spent all the same. */
export function settled<B extends BudgetState>(budget: B, hold: number, cost: number): B {
  const [spent, reserved] = [budget.spent + cost, budget.reserved - hold];
  return { ...budget, spent, reserved, excess: Math.max(0, spent + reserved - budget.limit) };
}

/** With another limit; thresholds that are passed under it count as told. The same limit set again changes nothing. */
export function limited<B extends BudgetState>(budget: B, limit: number): B {
  if (limit === budget.limit) return budget;
  const { spent, reserved } = budget;
  const told = thresholds.filter((percent) => isPassed({ limit, spent }, percent));
  return { ...budget, limit, told, excess: Math.max(0, spent + reserved - limit) };
}

/** The thresholds to tell now, lowest first, and the budget that has told them; `full` when a call did not fit. */
export function crossed<B extends BudgetState>(budget: B, full: boolean): { budget: B; told: readonly Threshold[] } {
  const told = thresholds.filter(
    (percent) => !budget.told.includes(percent) && (isPassed(budget, percent) || (full && percent === 100)),
  );
  return { budget: told.length > 0 ? { ...budget, told: [...budget.told, ...told] } : budget, told };
}

/** Of the limit, spent; rounded down. */
export const percentSpent = ({ limit, spent }: Pick<BudgetState, 'limit' | 'spent'>): number =>
  Math.floor((spent * 100) / limit);

const isPassed = ({ limit, spent }: Pick<BudgetState, 'limit' | 'spent'>, percent: Threshold): boolean =>
  spent >= limit * (percent / 100);
