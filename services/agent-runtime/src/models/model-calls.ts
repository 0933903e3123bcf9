import { Inject, Injectable } from '@nestjs/common';
import type { Call, Grant, Refusal } from '../budgets/account.js';
import { Budgets } from '../budgets/budgets.js';
import { outOfBudget } from '../budgets/out-of-budget.js';
import type { Turn } from '../engine/agent-port.js';
import { ModelError, type ModelRoute, type ModelUsage } from './model-port.js';
import { ModelRests } from './model-rests.js';
import { ModelRoutes } from './model-routes.js';

/** A hold outlives the longest wait for its provider by so long: whoever was to settle it is gone for good then. */
const GRACE_MS = 120_000;

/** A way to a model that may be asked. */
export interface Way extends Pick<ModelRoute, 'id' | 'family'> {
  /** The most the call can cost there; undefined when nobody knows. */
  readonly boundMicros: number | undefined;
}

/** One call of a model, within a turn. */
export interface ModelCall<W extends Way> {
  /** Unique within the task. */
  readonly name: string;
  /** The way that was asked for, and then those that are taken when it is out or limits us. */
  readonly ways: readonly [W, ...W[]];
  /** What one way has of time. */
  readonly timeoutMs: number;
}

/** How a way is asked: `spoken` names what is said on it, `retries` is how often it may be asked at once again. */
export interface Asking {
  readonly spoken: string;
  readonly retries: number | undefined;
}

type CallingTurn = Pick<Turn, 'tenantId' | 'workspaceId' | 'runId' | 'taskId' | 'answer' | 'signal' | 'asks'>;

/**
 * Every model call goes through here: held in the budgets, made, booked. A call whose worker died is made again under
 * its old hold, and booked once.
 */
@Injectable()
export class ModelCalls {
  constructor(
    @Inject(Budgets) private readonly budgets: Budgets,
    @Inject(ModelRoutes) private readonly models: Pick<ModelRoutes, 'prices'>,
    @Inject(ModelRests) private readonly rests: ModelRests,
  ) {}

  /**
   * Held is what the dearest way can cost. An answer whose provider does not say what it used is booked at its bound; a
   * fault whose provider does is booked, too, before the next way is taken.
   *
   * @returns the answer, and the way that gave it
   * @throws AwaitsBudget when the task is to park; BudgetExhausted when it is not, or has waited in vain; and what `work`
   * throws on the last way, with the usage of a ModelError booked
   */
  async make<W extends Way, T extends { readonly usage: ModelUsage }>(
    turn: CallingTurn,
    { name, ways: all, timeoutMs }: ModelCall<W>,
    work: (way: W, asking: Asking) => Promise<T>,
  ): Promise<{ readonly answer: T; readonly way: W }> {
    const { tenantId, runId, taskId } = turn;
    const holdMs = all.length * timeoutMs + GRACE_MS;
    let call: Call = { tenantId, runId, callId: `${taskId}/${name}` };
    const { ways, held } = await this.admit(turn, call, all, holdMs);
    if ('budget' in held) throw outOfBudget(held, turn.answer);
    let grant: Grant = held;
    let fault: ModelError = new NoRoom(ways[0]!.family);
    for (const [at, way] of ways.entries()) {
      const isLast = at === ways.length - 1;
      const spoken = at === 0 ? name : `${name}/${at + 1}`;
      try {
        if (!(await turn.asks(way.family))) continue;
        const answer = await work(way, { spoken, retries: isLast ? undefined : 0 });
        this.rests.answered(restOf(turn, way));
        const usage = isTold(answer.usage) ? answer.usage : { ...answer.usage, costMicros: way.boundMicros ?? 0 };
        await this.book(call, way.id, usage);
        return { answer: { ...answer, usage }, way };
      } catch (error) {
        // Aborted, it may have cost something: whoever makes it again has the hold, else it expires.
        if (turn.signal.aborted) throw error;
        if (!(error instanceof ModelError)) {
          await this.budgets.release(call, grant);
          throw error;
        }
        fault = error;
        if (error.passing) this.rests.failed(restOf(turn, way), error.restMs);
        if (isTold(error.usage)) {
          await this.book(call, way.id, error.usage);
          if (isLast || !error.passing) throw error;
          call = { ...call, callId: `${taskId}/${spoken}/next` };
          const next = await this.budgets.reserve(call, dearest(ways.slice(at + 1)), holdMs);
          if ('budget' in next) throw error;
          grant = next;
        } else if (!error.passing) break;
      }
    }
    await this.budgets.release(call, grant);
    throw fault;
  }

  /** Under a budget, a way whose price nobody knows is none when the one that was asked for has a price. */
  private async admit<W extends Way>(
    turn: CallingTurn,
    call: Call,
    all: readonly [W, ...W[]],
    holdMs: number,
  ): Promise<{ readonly ways: readonly W[]; readonly held: Grant | Refusal }> {
    const hold = async (ways: readonly W[]) => {
      const awake = this.awake(turn, ways);
      return { ways: awake, held: await this.budgets.reserve(call, dearest(awake), holdMs) };
    };
    const first = await hold(all);
    const wantsPrices = 'budget' in first.held && first.held.neededMicros === undefined;
    const priced = all.filter(({ boundMicros }) => boundMicros !== undefined);
    return wantsPrices && priced[0] === all[0] ? hold(priced) : first;
  }

  /** Ways that rest are passed by, unless all do. */
  private awake<W extends Way>(turn: CallingTurn, ways: readonly W[]): readonly W[] {
    const awake = ways.filter((way) => !this.rests.isResting(restOf(turn, way)));
    return awake.length > 0 ? awake : ways;
  }

  private async book(call: Call, model: string, usage: ModelUsage): Promise<void> {
    await this.budgets.settle(call, { model, cachedTokens: 0, ...usage, priceVersion: this.models.prices.version });
  }
}

/** Nobody was asked: as many turns of the tenant ask the provider as may. */
export class NoRoom extends ModelError {
  constructor(provider: string) {
    super(`as many turns ask ${provider} as may`, true, NO_USAGE);
  }
}

const NO_USAGE: ModelUsage = { inputTokens: 0, outputTokens: 0, costMicros: 0 };

/** The most that any of them can cost; undefined when of one nobody knows. */
function dearest(ways: readonly Way[]): number | undefined {
  const bounds = ways.map(({ boundMicros }) => boundMicros);
  return bounds.every((bound) => bound !== undefined) ? Math.max(...bounds) : undefined;
}

/** Ways of other workspaces, which may have other keys, rest for themselves. */
const restOf = ({ tenantId, workspaceId }: CallingTurn, { id }: Way): string => `${tenantId}/${workspaceId}/${id}`;

/** Whether the provider said what a call used: no call uses nothing. */
const isTold = ({ inputTokens, outputTokens }: ModelUsage): boolean => inputTokens + outputTokens > 0;
