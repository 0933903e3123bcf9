import { ResultsTooLarge, type Activation, type AgentPort, type TaskSpec, type Turn } from '../engine/agent-port.js';
import { EVER_MS, bounded, done, failed } from './task-agent.js';

type GraphInput = { readonly tasks: readonly TaskSpec[] };

/** How the tasks ended: all of them well, or one of them not, and why. */
interface Answer {
  readonly done?: true;
  readonly failed?: string;
  readonly code?: string;
  readonly message?: string;
}

const whyOf = ({ failed: task, code, message }: Answer): string =>
  code === undefined ? `task ${task} failed` : `task ${task} failed: ${code}${message ? `: ${message}` : ''}`;

/** The root of a graph: spawns its tasks, and parks until the last has ended or the first has failed. */
export class GraphAgent implements AgentPort {
  readonly name = 'graph';
  readonly spends = true;

  async activate(turn: Turn): Promise<Activation> {
    const { tasks } = turn.input as unknown as GraphInput;
    const answer = turn.answer as Answer | undefined;
    if (answer === undefined)
      return {
        kind: 'parked',
        wait: { kind: 'tasks', key: turn.runId, expiresInMs: EVER_MS, defaultAnswer: { failed: 'root' } },
        spawn: tasks,
      };
    if (answer.failed !== undefined) return failed('task.failed', whyOf(answer));
    const wanted = new Set(tasks.flatMap(({ dependsOn }) => dependsOn ?? []));
    const ends = tasks.map(({ id }) => id).filter((id) => !wanted.has(id));
    try {
      const results = await turn.resultsOf(ends);
      return bounded(done(ends.length === 1 ? (results[ends[0]!] ?? null) : results));
    } catch (error) {
      if (error instanceof ResultsTooLarge) return failed('result.too-large', error.message);
      throw error;
    }
  }

  async giveUp(_turn: Turn, reason: string): Promise<Activation> {
    return failed('graph.failed', reason);
  }
}
