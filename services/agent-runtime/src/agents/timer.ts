import type { Activation, Turn } from '../engine/agent-port.js';
import { TaskAgent, done, parked, type InputOf } from './task-agent.js';

/** Waits for a time: a wait that only expires. */
export class TimerAgent extends TaskAgent<'timer'> {
  readonly name = 'timer';

  protected async work(turn: Turn, input: InputOf<'timer'>): Promise<Activation> {
    if (turn.answer !== undefined) return done(turn.answer);
    const expiresInMs = 'until' in input ? Math.max(0, Date.parse(input.until) - Date.now()) : input.delayMs;
    return parked(turn, { kind: 'timer', expiresInMs, defaultAnswer: { elapsed: true } });
  }
}
