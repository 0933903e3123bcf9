import type { Activation, Turn } from '../engine/agent-port.js';
import { TaskAgent, done, type InputOf } from './task-agent.js';

/** Puts a value together from what other tasks gave. */
export class ComposeAgent extends TaskAgent<'compose'> {
  readonly name = 'compose';

  protected async work(_turn: Turn, { value }: InputOf<'compose'>): Promise<Activation> {
    return done(value);
  }
}
