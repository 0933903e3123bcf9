/**
 * Runs of agents' tasks as the platform shows them, without an engine: a `human` task asks once what it depends on is
 * done, an unsafe `command` asks what became of it, a `compose` gives its value, and the rest is done at once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ConclaveError,
  newId,
  runs,
  runtime,
  type Contract,
  type ReplyOf,
  type RequestOf,
  type Run,
  type RunEvent,
  type TaskResults,
  type Wait,
} from '@conclave/contracts';

type Item<Page> = Page extends { items: (infer One)[] } ? One : never;
type Task = Item<ReplyOf<typeof runs.listTasks>>;
type Step = Item<ReplyOf<typeof runs.listSteps>>;
type Json = TaskResults['result'];

interface FakeRun {
  run: Run;
  readonly specs: readonly runs.TaskSpecOf[];
  readonly tasks: Map<string, Task>;
  readonly waits: Wait[];
  readonly steps: Step[];
  readonly events: RunEvent[];
  readonly listeners: Set<ServerResponse>;
}

const AT = '2026-01-01T00:00:00Z';
const LATER = '2026-01-08T00:00:00Z';

/** Answers a call; what it throws is a refusal. */
export type Handler = (request: never, exchange: { request: IncomingMessage; response: ServerResponse }) => unknown;

export class FakeRuns {
  readonly handlers = new Map<Contract, Handler>();
  /** What a replay finds. */
  divergence: runs.ReplayResult['divergence'];
  private readonly runs = new Map<string, FakeRun>();

  constructor() {
    const on = <C extends Contract>(contract: C, handler: (request: RequestOf<C>) => ReplyOf<C>) =>
      this.handlers.set(contract, handler);
    on(runs.createRun, (request) => this.create(request));
    on(runs.listWaits, ({ id }) => ({ items: this.find(id).waits }));
    on(runs.listTasks, ({ id }) => ({ items: [...this.find(id).tasks.values()] }));
    on(runs.listSteps, ({ id, limit, after }) => {
      const items = this.find(id).steps.filter(({ pos }) => pos > after);
      const page = items.slice(0, Math.min(limit, 2));
      return { items: page, ...(items.length > page.length ? { next: String(page.at(-1)!.pos) } : {}) };
    });
    on(runs.answerRun, ({ id, task, answer }) => this.answer(this.find(id), task, answer));
    on(runs.pauseRun, ({ id }) => this.turn(id, 'paused', 'run.paused'));
    on(runs.resumeRun, ({ id }) => {
      if (this.find(id).run.state !== 'paused') throw new ConclaveError('runtime.run.not-paused');
      return this.turn(id, 'working', 'run.resumed');
    });
    on(runtime.cancelRun, ({ id }) => this.turn(id, 'canceled', 'run.canceled'));
    on(runs.steerRun, ({ id }) => ({ run: this.find(id).run.id, no: 1 }));
    on(runs.forkRun, ({ id, step, title = 'again' }) => {
      const of = this.find(id);
      if (!of.steps.some(({ pos }) => pos === step)) throw new ConclaveError('runtime.step.not-found');
      return { ...of.run, id: newId('run'), title, state: 'submitted' as const, forkedFrom: of.run.id };
    });
    on(runs.replayRun, ({ id }) => {
      const { run, steps, tasks } = this.find(id);
      const { divergence } = this;
      const identical = divergence === undefined;
      return { run: run.id, identical, turns: tasks.size, steps: steps.length, ...(identical ? {} : { divergence }) };
    });
  }

  all(): Run[] {
    return [...this.runs.values()].map(({ run }) => run);
  }

  runOf(id: string): Run | undefined {
    return this.runs.get(id)?.run;
  }

  resultOf(id: string): TaskResults | undefined {
    const found = this.runs.get(id);
    if (!found) return undefined;
    const wanted = new Set(found.specs.flatMap(({ dependsOn }) => dependsOn));
    const ends = [...found.tasks.values()].filter(({ id }) => !wanted.has(id));
    const results = ends.map(({ id, result = null }) => [id, result] as const);
    return { result: results.length === 1 ? results[0]![1] : Object.fromEntries(results) };
  }

  /** @returns whether there is such a run */
  stream(id: string, after: number, response: ServerResponse): boolean {
    const found = this.runs.get(id);
    if (!found) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of found.events.slice(after)) response.write(frameOf(event));
    if (runtime.endedRunStates.includes(found.run.state)) response.end();
    else found.listeners.add(response);
    return true;
  }

  private create(request: runs.CreateRunRequest): Run {
    const kind = request.tasks ? 'tasks' : 'agent';
    const { agent = 'compose', input = {} } = request;
    const specs: readonly runs.TaskSpecOf[] = request.tasks ?? [{ id: 'main', agent, input, dependsOn: [] }];
    const id = newId('run');
    const made: FakeRun = {
      run: {
        ...{ id, kind, title: request.title ?? specs[0]!.agent, state: 'working' },
        ...{ createdAt: AT, updatedAt: AT, workspace: newId('workspace'), priority: request.priority },
      },
      specs,
      tasks: new Map(
        specs.map(({ id, agent, dependsOn }) => [id, { id, agent, state: 'blocked', dependsOn, turns: 0 }]),
      ),
      ...{ waits: [], steps: [], events: [], listeners: new Set() },
    };
    this.runs.set(id, made);
    this.tell(made, 'run.created', {});
    this.goOn(made);
    return { ...made.run, state: 'submitted' };
  }

  private goOn(of: FakeRun): void {
    for (const { id, agent, input } of of.specs) {
      const task = of.tasks.get(id)!;
      if (task.state !== 'blocked' || task.dependsOn.some((need) => of.tasks.get(need)!.state !== 'done')) continue;
      [task.state, task.turns] = ['open', 1];
      if (agent === 'human') this.park(of, id, 'human', input);
      else if (input['effect'] === 'unsafe')
        this.park(of, id, 'effect', { effect: 'deploy', key: `${of.run.id}/${id}/deploy`, begunAt: AT });
      else this.finish(of, task, input['value'] ?? null);
    }
    if (of.run.state !== 'working' || [...of.tasks.values()].some(({ state }) => state !== 'done')) return;
    of.run = { ...of.run, state: 'completed' };
    this.tell(of, 'run.completed', {});
  }

  private park(of: FakeRun, task: string, kind: 'human' | 'effect', about: Wait['about']): void {
    const key = `${of.run.id}/${task}`;
    of.waits.push({ ...{ task, no: 1, kind, key, about, state: 'open' }, parkedAt: AT, expiresAt: LATER });
    this.tell(of, 'task.waits', { task, kind });
  }

  private finish(of: FakeRun, task: Task, result: Json): void {
    [task.state, task.result] = ['done', result];
    of.steps.push({ pos: 10 * (of.steps.length + 1), task: task.id, turn: 1, name: 'result', at: AT, result });
    this.tell(of, 'task.done', { task: task.id });
    this.goOn(of);
  }

  private answer(of: FakeRun, task: string | undefined, answer: Json): Wait {
    const open = of.waits.filter(({ state }) => state === 'open');
    if (task === undefined && open.length > 1)
      throw new ConclaveError('runtime.wait.ambiguous', { tasks: open.map((one) => one.task) });
    const wait = task === undefined ? open[0] : of.waits.find((one) => one.task === task);
    if (!wait) throw new ConclaveError('runtime.wait.not-found');
    if (wait.state !== 'open') throw new ConclaveError('runtime.wait.closed');
    const options = runs.humanAbout.safeParse(wait.about).data?.options;
    if (options && !options.some(({ id }) => id === answer))
      throw new ConclaveError('runtime.answer.unfit', { expected: options.map(({ id }) => id) });
    Object.assign(wait, { state: 'answered', answer });
    this.finish(of, of.tasks.get(wait.task)!, answer);
    return wait;
  }

  private turn(id: string, state: Run['state'], event: string): Run {
    const of = this.find(id);
    if (runtime.endedRunStates.includes(of.run.state)) throw new ConclaveError('runtime.run.finished');
    of.run = { ...of.run, state };
    this.tell(of, event, {});
    return of.run;
  }

  private tell(of: FakeRun, type: string, data: RunEvent['data']): void {
    const event = { run: of.run.id, seq: of.events.length + 1, type, at: AT, data };
    of.events.push(event);
    for (const listener of of.listeners) {
      listener.write(frameOf(event));
      if (runtime.endedRunStates.includes(of.run.state)) listener.end();
    }
  }

  private find(id: string): FakeRun {
    const found = this.runs.get(id);
    if (!found) throw new ConclaveError('runtime.run.not-found');
    return found;
  }
}

const frameOf = (event: RunEvent): string => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
