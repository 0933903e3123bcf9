/**
 * Runs of agents' tasks as the platform shows them, without an engine: a `human` task asks once what it depends on is
 * done, a `compose` or `timer` is done at once, and so is a `command`, but for an unsafe one, whose worker always dies.
 */
import { createHash } from 'node:crypto';
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
const BY = newId('principal');
const EXITED = { status: 'exited', exitCode: 0, output: '', durationMs: 5 };

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
    on(runs.listWaits, ({ id }) => ({
      items: this.find(id).waits.toSorted((a, b) => Number(a.state !== 'open') - Number(b.state !== 'open')),
    }));
    on(runs.listTasks, ({ id }) => ({
      items: [...this.find(id).tasks.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    }));
    on(runs.listSteps, ({ id, limit, after }) => {
      const items = this.find(id).steps.filter(({ pos }) => pos > after);
      const page = items.slice(0, Math.min(limit, 2));
      return { items: page, ...(items.length > page.length ? { next: String(page.at(-1)!.pos) } : {}) };
    });
    on(runs.answerRun, ({ id, task, answer }) => this.answer(this.find(id), task, answer));
    on(runs.pauseRun, ({ id }) => this.turn(id, 'paused'));
    on(runs.resumeRun, ({ id }) => {
      if (this.find(id).run.state !== 'paused') throw new ConclaveError('runtime.run.not-paused');
      return this.turn(id, 'working');
    });
    on(runtime.cancelRun, ({ id, reason }) => this.turn(id, 'canceled', reason === undefined ? {} : { reason }));
    on(runs.steerRun, ({ id }) => ({ run: this.find(id).run.id, no: 1 }));
    on(runs.forkRun, ({ id, step, title = 'again' }) => {
      const of = this.find(id);
      if (!of.steps.some(({ pos }) => pos === step)) throw new ConclaveError('runtime.step.not-found');
      return { ...of.run, id: newId('run'), title, state: 'submitted' as const, forkedFrom: of.run.id };
    });
    on(runs.replayRun, ({ id }) => {
      const { run, steps, tasks } = this.find(id);
      const { divergence } = this;
      const turns = [...tasks.values()].reduce((sum, task) => sum + task.turns, 0);
      const identical = divergence === undefined;
      return { run: run.id, identical, turns, steps: steps.length, ...(identical ? {} : { divergence }) };
    });
  }

  all(): Run[] {
    return [...this.runs.values()].map(shown);
  }

  runOf(id: string): Run | undefined {
    const found = this.runs.get(id);
    return found && shown(found);
  }

  resultOf(id: string): TaskResults | undefined {
    const root = this.runs.get(id)?.tasks.get('root');
    return root && { result: root.result ?? null };
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
    const { agent = 'compose', input = {}, tasks: graph, priority } = request;
    const specs = (graph ?? [{ id: 'root', agent, input, dependsOn: [] }]).map(fitting);
    const id = newId('run');
    const title = request.title ?? (graph ? `${graph.length} tasks` : agent);
    const made: FakeRun = {
      run: {
        ...{ id, kind: graph ? 'tasks' : 'agent', title, state: 'working', priority },
        ...{ createdAt: AT, updatedAt: AT, workspace: newId('workspace') },
      },
      specs,
      tasks: new Map(
        specs.map(({ id, agent, dependsOn }) => [id, { id, agent, state: 'blocked', dependsOn, turns: 0 }]),
      ),
      ...{ waits: [], steps: [], events: [], listeners: new Set() },
    };
    this.runs.set(id, made);
    this.tell(made, 'run.created', { title });
    this.tell(made, 'run.started', {});
    if (graph) {
      made.tasks.set('root', { id: 'root', agent: 'graph', state: 'open', dependsOn: [], turns: 1 });
      park(made, 'root', { kind: 'tasks', key: id });
    }
    this.goOn(made);
    return { ...made.run, state: 'submitted' };
  }

  private goOn(of: FakeRun): void {
    for (const { id, agent, input } of of.specs) {
      const task = of.tasks.get(id)!;
      if (task.state !== 'blocked' || task.dependsOn.some((need) => of.tasks.get(need)!.state !== 'done')) continue;
      [task.state, task.turns] = ['open', 1];
      if (agent === 'human') this.ask(of, id, input);
      else if (agent === 'command') this.execute(of, task, input);
      else this.finish(of, task, agent === 'compose' ? (input['value'] ?? null) : { elapsed: true });
    }
  }

  private ask(of: FakeRun, task: string, { question, options }: runs.TaskSpecOf['input']): void {
    const about = { question: question!, ...(options && { options }) };
    journal(of, task, 'tell/asked', true);
    this.tell(of, 'task.asked', { task, ...about });
    park(of, task, { kind: 'human', key: `${of.run.id}/${task}`, about });
  }

  private execute(of: FakeRun, task: Task, { effect }: runs.TaskSpecOf['input']): void {
    if (effect === 'unsafe') {
      const key = createHash('sha256').update(`${of.run.id}/${task.id}`).digest('hex').slice(0, 40);
      journal(of, task.id, 'intent/command', { at: AT, key });
      const about = { effect: 'command', key, begunAt: AT };
      return park(of, task.id, { kind: 'effect', key: `${of.run.id}/${task.id}/command`, about });
    }
    journal(of, task.id, 'command', EXITED);
    this.finish(of, task, EXITED);
  }

  private finish(of: FakeRun, task: Task, result: Json): void {
    [task.state, task.result] = ['done', result];
    const root = of.tasks.get('root')!;
    const tasks = [...of.tasks.values()].filter((one) => one !== root);
    if (task === root) {
      of.run = { ...of.run, state: 'completed' };
      return this.tell(of, 'run.completed', {});
    }
    if (tasks.some(({ state }) => state !== 'done')) return this.goOn(of);
    const wanted = new Set(tasks.flatMap(({ dependsOn }) => dependsOn));
    const ends = tasks.filter(({ id }) => !wanted.has(id)).map(({ id, result = null }) => [id, result] as const);
    of.waits.find((wait) => wait.task === 'root')!.state = 'answered';
    root.turns = 2;
    this.finish(of, root, ends.length === 1 ? ends[0]![1] : Object.fromEntries(ends));
  }

  private fail(of: FakeRun, task: Task, failure: { code: string; message: string }): void {
    [task.state, task.result] = ['failed', failure];
    const told = task.id === 'root' ? failure : { code: 'task.failed', message: `task ${task.id} failed` };
    of.run = { ...of.run, state: 'failed', failure: told };
    this.tell(of, 'run.failed', told);
  }

  private answer(of: FakeRun, named: string | undefined, answer: Json): Wait {
    const asked = of.waits.filter(({ kind, task }) => kind !== 'tasks' && (named === undefined || task === named));
    const [wait, ...others] = asked.filter(({ state }) => state === 'open');
    if (others.length > 0) throw new ConclaveError('runtime.wait.ambiguous', { tasks: asked.map(({ task }) => task) });
    if (!wait) throw new ConclaveError(asked.length > 0 ? 'runtime.wait.closed' : 'runtime.wait.not-found');
    const expected = wordsFor(wait);
    const said = wait.kind === 'effect' ? (answer as Record<string, Json> | null)?.['resolution'] : answer;
    if (expected && !expected.includes(said as string)) throw new ConclaveError('runtime.answer.unfit', { expected });
    this.tell(of, 'task.answered', { task: wait.task, by: BY });
    Object.assign(wait, { state: 'answered', answer });
    const task = of.tasks.get(wait.task)!;
    task.turns = 2;
    if (wait.kind === 'human') this.finish(of, task, answer);
    else if (said === 'fail') this.fail(of, task, { code: 'effect.given-up', message: 'a person gave command up' });
    else this.finish(of, task, said === 'done' ? (answer as { result: Json }).result : EXITED);
    return wait;
  }

  private turn(id: string, state: 'paused' | 'working' | 'canceled', data: RunEvent['data'] = {}): Run {
    const of = this.find(id);
    if (runtime.endedRunStates.includes(of.run.state)) throw new ConclaveError('runtime.run.finished');
    of.run = { ...of.run, state };
    if (state === 'canceled') for (const wait of of.waits) if (wait.state === 'open') wait.state = 'canceled';
    this.tell(of, state === 'working' ? 'run.resumed' : `run.${state}`, data);
    return shown(of);
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

/** @throws ConclaveError `request.invalid` */
function fitting(task: runs.TaskSpecOf): runs.TaskSpecOf {
  const parsed = runs.agentInputs[task.agent].safeParse(task.input);
  if (parsed.success) return { ...task, input: parsed.data };
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: [task.id, 'input', ...path].join('.'),
    message,
  }));
  throw new ConclaveError('request.invalid', { issues });
}

/** A run that asks says so, unless it is paused. */
const shown = ({ run, waits }: FakeRun): Run =>
  run.state === 'working' && waits.some(({ state, kind }) => state === 'open' && kind !== 'tasks')
    ? { ...run, state: 'input-required' }
    : run;

function park(of: FakeRun, task: string, wait: Pick<Wait, 'kind' | 'key' | 'about'>): void {
  of.waits.push({ task, no: 1, ...wait, state: 'open', parkedAt: AT, expiresAt: LATER });
}

function journal({ steps }: FakeRun, task: string, name: string, result: Json): void {
  steps.push({ pos: 10 * (steps.length + 1), task, turn: 1, name, at: AT, result });
}

/** What may be answered; nothing here means anything. */
const wordsFor = ({ kind, about }: Wait): string[] | undefined =>
  kind === 'effect' ? ['done', 'retry', 'fail'] : runs.humanAbout.safeParse(about).data?.options?.map(({ id }) => id);

const frameOf = (event: RunEvent): string => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
