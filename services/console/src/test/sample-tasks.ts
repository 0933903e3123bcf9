/** A run of tasks as the platform would show it: it asks a person, in words, and what became of an effect. */
import { newId, type ReplyOf, type Run, type RunEvent, type runs, type Wait } from '@conclave/contracts';
import { iso } from './sample-reviews.js';

type Task = ReplyOf<typeof runs.listTasks>['items'][number];

export interface Asking {
  readonly run: Run;
  readonly tasks: Task[];
  readonly waits: Wait[];
  readonly story: RunEvent[];
}

const DAY = 86_400_000;

export function askingRun(startedAt: number, workspace: string): Asking {
  const id = newId('run', startedAt);
  const at = iso(startedAt);
  const open = { state: 'open' as const, dependsOn: [], turns: 1 };
  const asked = { no: 1, state: 'open', parkedAt: at, expiresAt: iso(Date.now() + 7 * DAY) } as const;
  const told = (seq: number, type: string, data: RunEvent['data']): RunEvent => ({ run: id, seq, type, at, data });
  const built = { status: 'exited', exitCode: 0, output: 'built', durationMs: 3_100 };
  const ship = {
    question: 'May version 2.4 be shipped?\nIts tests\u202e are green.',
    options: [
      { id: 'ship', title: 'Ship it' },
      { id: 'wait', title: 'Not yet' },
    ],
  };
  return {
    run: {
      id,
      kind: 'tasks',
      title: 'Ship version 2.4',
      state: 'input-required',
      createdAt: at,
      updatedAt: at,
      workspace,
    },
    tasks: [
      { id: 'build', agent: 'command', state: 'done', dependsOn: [], turns: 1, result: built },
      { id: 'deploy', agent: 'command', ...open },
      { id: 'notes', agent: 'human', ...open },
      { id: 'root', agent: 'graph', ...open },
      { id: 'ship', agent: 'human', ...open, dependsOn: ['build'] },
    ],
    waits: [
      { task: 'root', kind: 'tasks', key: id, ...asked },
      { task: 'ship', kind: 'human', key: 'ship', about: ship, ...asked },
      { task: 'notes', kind: 'human', key: 'notes', about: { question: 'What is new in it?' }, ...asked },
      { task: 'deploy', kind: 'effect', key: 'd', about: { effect: 'command', key: '5f1c', begunAt: at }, ...asked },
    ],
    story: [told(1, 'run.created', {}), told(2, 'run.started', {}), told(3, 'task.asked', { task: 'ship', ...ship })],
  };
}

/** Takes an answer; the last one completes the run, which gives what nothing else depends on. */
export function answered({ run, tasks, waits }: Asking, task: string, answer: Wait['answer']): Wait {
  const wait = waits.find((one) => one.task === task)!;
  Object.assign(wait, { state: 'answered', answer });
  const given = wait.kind === 'effect' ? (answer as { result?: Wait['answer'] }).result : answer;
  const end = (id: string, result: Wait['answer']): object =>
    Object.assign(
      tasks.find((one) => one.id === id)!,
      { state: 'done', result },
    );
  end(task, given);
  if (waits.some(({ kind, state }) => kind !== 'tasks' && state === 'open')) return wait;
  run.state = 'completed';
  const ends = tasks.filter(({ id }) => ['deploy', 'notes', 'ship'].includes(id));
  end('root', Object.fromEntries(ends.map(({ id, result = null }) => [id, result])));
  return wait;
}
