/** Effects of which nobody knows whether they happened, and what people say of them. */
import { AwaitsBudget, BudgetExhausted } from '../budgets/out-of-budget.js';
import type { Activation, AgentPort, EffectClass, Json, Turn } from './agent-port.js';

/** Nobody has answered for so long: the task fails, and what is known stays in the wait. */
const ANSWER_MS = 30 * 86_400_000;
/** Nobody has made room in a budget for so long: the task fails. */
const ROOM_MS = 7 * 86_400_000;

/** It was begun, and whoever did it died before its end: only a person can find out. */
export class UnknownEffect extends Error {
  override readonly name = 'UnknownEffect';
  constructor(
    readonly effect: string,
    readonly key: string,
    readonly begunAt: string,
  ) {
    super(`nobody knows whether ${effect} happened`);
  }
}

/** A person has said that an effect is not to be tried again. */
export class EffectGivenUp extends Error {
  override readonly name = 'EffectGivenUp';
}

/** Activates an agent; what it could not know becomes a question to a person, what it cannot pay for a wait for room. */
export async function activationOf(agent: AgentPort, turn: Turn, hopeless: string | undefined): Promise<Activation> {
  try {
    return hopeless === undefined ? await agent.activate(turn) : await agent.giveUp(turn, hopeless);
  } catch (error) {
    if (error instanceof EffectGivenUp) return { kind: 'failed', code: 'effect.given-up', message: error.message };
    if (error instanceof BudgetExhausted) return { kind: 'failed', code: error.code, message: error.message };
    if (error instanceof AwaitsBudget) {
      const { budget, about } = error;
      const defaultAnswer = { budget, expired: true };
      return { kind: 'parked', wait: { kind: 'budget', key: budget, expiresInMs: ROOM_MS, defaultAnswer, about } };
    }
    if (!(error instanceof UnknownEffect)) throw error;
    const { effect, key, begunAt } = error;
    return {
      kind: 'parked',
      wait: {
        kind: 'effect',
        key: `${turn.runId}/${turn.taskId}/${effect}`,
        expiresInMs: ANSWER_MS,
        defaultAnswer: { effect, answer: { resolution: 'fail' }, expired: true },
        about: { effect, key, begunAt },
      },
    };
  }
}

/** What a person says of an unknown effect. */
type Resolution = { readonly resolution: 'done'; readonly result: Json } | { readonly resolution: 'retry' | 'fail' };

export interface EffectParts {
  readonly journal: ReadonlyMap<string, Json>;
  /** What the task's last wait was answered with. */
  readonly answer: Json | undefined;
  /** The key of an effect: the same however often it is tried, and nobody else's. */
  readonly keyOf: (name: string) => string;
  readonly step: Turn['step'];
}

/** `Turn.effect`: an unsafe effect leaves word that it begins, so that whoever finds no end to it knows. */
export function effectsOf({ journal, answer, keyOf, step }: EffectParts): Turn['effect'] {
  return async <T extends Json>(name: string, kind: EffectClass, work: (key: string) => Promise<T>): Promise<T> => {
    const key = keyOf(name);
    if (kind !== 'unsafe') return step(name, () => work(key));
    const [begun, ended] = [journal.has(`intent/${name}`), journal.has(name)];
    const { at } = await step(`intent/${name}`, async () => ({ at: new Date().toISOString(), key }));
    if (begun && !ended) {
      const word = resolutionOf(answer, name);
      if (!word) throw new UnknownEffect(name, key, at);
      if (word.resolution === 'fail') throw new EffectGivenUp(`a person gave ${name} up`);
      if (word.resolution === 'done') return step(name, async () => word.result as T);
    }
    return step(name, () => work(key));
  };
}

function resolutionOf(answer: Json | undefined, effect: string): Resolution | undefined {
  const word = answer as { readonly effect?: string; readonly answer?: Resolution } | undefined;
  return word?.effect === effect ? word.answer : undefined;
}
