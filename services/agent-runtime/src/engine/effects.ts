/** Effects that go on beyond their turns, or of which nobody knows whether they happened, and what is said of them. */
import { AwaitsBudget, BudgetExhausted } from '../budgets/out-of-budget.js';
import type { Activation, AgentPort, EffectClass, Json, Turn } from './agent-port.js';

/** Nobody has answered for so long: the task fails, and what is known stays in the wait. */
const ANSWER_MS = 30 * 86_400_000;
/** Nobody has made room in a budget for so long: the task fails. */
const ROOM_MS = 7 * 86_400_000;
/** So long after its time is over nobody has told the end of what went on: it is lost. */
const NEWS_MS = 600_000;

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

/** It takes longer than a turn should: it goes on, and its end answers the wait that its task is parked on. */
export class Outlasts extends Error {
  override readonly name = 'Outlasts';
  constructor(
    readonly effect: string,
    readonly end: Promise<Json>,
    /** The longest that it may go on. */
    readonly limitMs: number,
    readonly about: Json,
  ) {
    super(`${effect} outlasts its turn`);
  }
}

/** A person has said that an effect is not to be tried again. */
export class EffectGivenUp extends Error {
  override readonly name = 'EffectGivenUp';
}

/**
 * Activates an agent; what it could not know becomes a question to a person, what it cannot pay for a wait for room, and
 * what takes long a wait for its end.
 */
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
    if (error instanceof Outlasts) return untilItsEnd(turn, error);
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

/** The wait is lost by default: by whoever buries the worker in which the effect went on, or when its time is over. */
const untilItsEnd = (turn: Turn, { effect, end, limitMs, about }: Outlasts): Activation => ({
  kind: 'parked',
  wait: {
    kind: 'command',
    key: `${turn.runId}/${turn.taskId}/${effect}`,
    expiresInMs: limitMs + NEWS_MS,
    defaultAnswer: { effect, answer: { resolution: 'lost' } },
    about,
  },
  goesOn: { effect, end },
});

/** What answers the wait of an effect that went on: its end. */
export const endOfEffect = (effect: string, result: Json): Json => ({ effect, answer: { resolution: 'done', result } });

/** What became of an effect: as a person says, or whoever saw its end, or that of its worker. */
type Resolution =
  { readonly resolution: 'done'; readonly result: Json } | { readonly resolution: 'retry' | 'fail' | 'lost' };

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
    const word = resolutionOf(answer, name);
    if (word?.resolution === 'done') return step(name, async () => word.result as T);
    if (kind !== 'unsafe') return step(name, () => work(key));
    const [begun, ended] = [journal.has(`intent/${name}`), journal.has(name)];
    const { at } = await step(`intent/${name}`, async () => ({ at: new Date().toISOString(), key }));
    if (begun && !ended) {
      if (word?.resolution === 'fail') throw new EffectGivenUp(`a person gave ${name} up`);
      if (word?.resolution !== 'retry') throw new UnknownEffect(name, key, at);
    }
    return step(name, () => work(key));
  };
}

function resolutionOf(answer: Json | undefined, effect: string): Resolution | undefined {
  const word = answer as { readonly effect?: string; readonly answer?: Resolution } | undefined;
  return word?.effect === effect ? word.answer : undefined;
}
