import type { Json } from '../engine/agent-port.js';
import { roomOf, type Refusal } from './account.js';

/** A call does not fit a budget now: its task waits for room. */
export class AwaitsBudget extends Error {
  override readonly name = 'AwaitsBudget';
  constructor(
    readonly budget: string,
    readonly about: Json,
  ) {
    super(`the call does not fit budget ${budget} now`);
  }
}

/** A call does not fit a budget, and nobody waits for room in it. */
export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';
  constructor(
    readonly code: 'budget.exhausted' | 'budget.unpriced',
    message: string,
  ) {
    super(message);
  }
}

/** What a refusal means to a task whose last wait was answered with `answer`. */
export function outOfBudget(refusal: Refusal, answer: Json | undefined): AwaitsBudget | BudgetExhausted {
  const { budget, neededMicros } = refusal;
  const { id, action, scope, scopeId, period, limit } = budget;
  const name = `the ${period} budget of ${scope} ${scopeId}`;
  if (neededMicros === undefined)
    return new BudgetExhausted('budget.unpriced', `${name} admits no model whose price is unknown`);
  if (action === 'refuse' || budgetAnswer(answer) === 'expired')
    return new BudgetExhausted(
      'budget.exhausted',
      `${name} has room for ${roomOf(refusal)} micros, and the call may cost ${neededMicros}`,
    );
  return new AwaitsBudget(id, { budget: id, scope, scopeId, period, limitMicros: limit, neededMicros });
}

/** What a task's wait for a budget was answered with; undefined when its last wait was another. */
export function budgetAnswer(answer: Json | undefined): 'room' | 'expired' | undefined {
  if (typeof answer !== 'object' || answer === null || !('budget' in answer)) return undefined;
  return 'expired' in answer ? 'expired' : 'room';
}
