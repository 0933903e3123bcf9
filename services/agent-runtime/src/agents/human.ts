import type { Activation, Json, Turn } from '../engine/agent-port.js';
import { TaskAgent, done, failed, parked, type InputOf } from './task-agent.js';

/** What the answer to a wait becomes: what was said, or the default when nobody said anything in time. */
export interface Word {
  readonly answer?: Json;
  readonly by?: string;
  readonly expired?: true;
}

/** Asks a person, and parks until one of them has answered. */
export class HumanAgent extends TaskAgent<'human'> {
  readonly name = 'human';

  protected async work(turn: Turn, input: InputOf<'human'>): Promise<Activation> {
    const word = turn.answer as Word | undefined;
    if (word) return wordOf(word, 'human.expired');
    const { question, options, expiresInMs } = input;
    const about = options ? { question, options } : { question };
    await turn.tell('asked', 'task.asked', { task: turn.taskId, ...about });
    return parked(turn, { kind: 'human', expiresInMs, defaultAnswer: defaultOf(input), about });
  }
}

export const defaultOf = (input: { readonly default?: unknown }): Json =>
  input.default === undefined ? { expired: true } : { expired: true, answer: input.default as Json };

export const wordOf = ({ answer }: Word, code: string): Activation =>
  answer === undefined ? failed(code, 'nobody answered in time, and there is no default') : done(answer);
