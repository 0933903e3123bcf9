import type { Activation, Turn } from '../engine/agent-port.js';
import { defaultOf, wordOf, type Word } from './human.js';
import { TaskAgent, parked, type InputOf } from './task-agent.js';

/** Waits until somebody sends the workspace an event of this key. */
export class EventAgent extends TaskAgent<'event'> {
  readonly name = 'event';

  protected async work(turn: Turn, input: InputOf<'event'>): Promise<Activation> {
    const word = turn.answer as Word | undefined;
    if (word) return wordOf(word, 'event.expired');
    const { key, expiresInMs } = input;
    return parked(turn, {
      ...{ kind: 'event', key: eventKey(turn.workspaceId, key), expiresInMs },
      ...{ defaultAnswer: defaultOf(input), about: { event: key } },
    });
  }
}

/** An event is heard within its workspace. */
export const eventKey = (workspaceId: string, key: string): string => `${workspaceId}/${key}`;
