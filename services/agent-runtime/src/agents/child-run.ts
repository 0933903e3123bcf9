import { createHash } from 'node:crypto';
import { ConclaveError, newId, timeOfId } from '@conclave/contracts';
import type { Activation, Json, Turn } from '../engine/agent-port.js';
import type { StartRun } from '../runs/start-run.js';
import { EVER_MS, TaskAgent, done, failed, parked, type InputOf } from './task-agent.js';

interface ChildEnd {
  readonly state: 'completed' | 'failed' | 'canceled' | 'expired';
  readonly result?: Json;
  readonly code?: string;
  readonly message?: string;
}

/** Starts a run of its own and waits for its end. */
export class ChildRunAgent extends TaskAgent<'run'> {
  readonly name = 'run';

  constructor(private readonly starter: StartRun) {
    super();
  }

  protected async work(turn: Turn, { title, tasks }: InputOf<'run'>): Promise<Activation> {
    const end = turn.answer as ChildEnd | undefined;
    if (end?.state === 'completed') return done(end.result ?? null);
    if (end) return failed(`child.${end.state}`, end.message ?? `the run it started was ${end.state}`);
    const started = await turn.step('start', () => this.start(turn, title, tasks));
    if ('refused' in started) return failed(started.refused, started.message);
    const { child } = started;
    return parked(turn, { kind: 'run', key: child, expiresInMs: EVER_MS, defaultAnswer: { state: 'expired' } });
  }

  private async start(turn: Turn, title: string | undefined, tasks: readonly unknown[]): Promise<Started> {
    const child = childOf(turn);
    try {
      await this.starter.startChild(turn, child, { title, tasks });
      return { child };
    } catch (error) {
      if (!(error instanceof ConclaveError) || !REFUSALS.includes(error.code)) throw error;
      return {
        refused: error.code,
        message: `the run cannot be started: ${JSON.stringify(error.params).slice(0, 500)}`,
      };
    }
  }
}

type Started = { readonly child: string } | { readonly refused: string; readonly message: string };

/** What is wrong with the tasks themselves stays wrong. */
const REFUSALS: readonly string[] = ['request.invalid', 'runtime.graph.invalid', 'runtime.agent.unavailable'];

/** The run a task starts: derived, so that starting it twice starts it once; lists of runs show it by its parent. */
const childOf = ({ runId, taskId }: Turn): string => {
  const digest = createHash('sha256').update(`conclave/child-run/v1\n${runId}\n${taskId}`).digest();
  return newId('run', timeOfId(runId), (bytes) => (bytes.set(digest.subarray(0, bytes.length)), bytes));
};
