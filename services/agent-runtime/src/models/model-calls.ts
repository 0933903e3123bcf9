import { Inject, Injectable } from '@nestjs/common';
import type { Call } from '../budgets/account.js';
import { Budgets } from '../budgets/budgets.js';
import { outOfBudget } from '../budgets/out-of-budget.js';
import type { Turn } from '../engine/agent-port.js';
import { ModelError, type ModelRoute, type ModelUsage } from './model-port.js';
import { ModelRoutes } from './model-routes.js';

/** A hold outlives the longest wait for its provider by so long: whoever was to settle it is gone for good then. */
const GRACE_MS = 120_000;

/** One call of a model, within a turn. */
export interface ModelCall {
  /** Unique within the task. */
  readonly name: string;
  readonly route: Pick<ModelRoute, 'id'>;
  /** The most it can cost; undefined when nobody knows. */
  readonly boundMicros: number | undefined;
  readonly timeoutMs: number;
}

/**
 * Every model call goes through here: held in the budgets, made, booked. A call whose worker died is made again under
 * its old hold, and booked once.
 */
@Injectable()
export class ModelCalls {
  constructor(
    @Inject(Budgets) private readonly budgets: Budgets,
    @Inject(ModelRoutes) private readonly models: Pick<ModelRoutes, 'prices'>,
  ) {}

  /**
   * An answer whose provider does not say what it used is booked at its bound.
   *
   * @throws AwaitsBudget when the task is to park; BudgetExhausted when it is not, or has waited in vain; and what `work`
   * throws, with the usage of a ModelError booked
   */
  async make<T extends { readonly usage: ModelUsage }>(
    turn: Pick<Turn, 'tenantId' | 'runId' | 'taskId' | 'answer' | 'signal'>,
    { name, route, boundMicros, timeoutMs }: ModelCall,
    work: () => Promise<T>,
  ): Promise<T> {
    const { tenantId, runId, taskId } = turn;
    const call: Call = { tenantId, runId, callId: `${taskId}/${name}` };
    const grant = await this.budgets.reserve(call, boundMicros, timeoutMs + GRACE_MS);
    if ('budget' in grant) throw outOfBudget(grant, turn.answer);
    let answer: T;
    try {
      answer = await work();
    } catch (error) {
      // Aborted, it may have cost something: whoever makes it again has the hold, else it expires.
      if (turn.signal.aborted) throw error;
      if (error instanceof ModelError && isTold(error.usage)) await this.book(call, route.id, error.usage);
      else await this.budgets.release(call, grant);
      throw error;
    }
    const usage = isTold(answer.usage) ? answer.usage : { ...answer.usage, costMicros: boundMicros ?? 0 };
    await this.book(call, route.id, usage);
    return { ...answer, usage };
  }

  private async book(call: Call, model: string, usage: ModelUsage): Promise<void> {
    await this.budgets.settle(call, { model, cachedTokens: 0, ...usage, priceVersion: this.models.prices.version });
  }
}

/** Whether the provider said what a call used: no call uses nothing. */
const isTold = ({ inputTokens, outputTokens }: ModelUsage): boolean => inputTokens + outputTokens > 0;
