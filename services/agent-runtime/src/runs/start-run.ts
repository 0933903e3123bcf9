import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, newId, runs, type ActVerdict, type CreateRunRequest } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Statements, type Tx } from '@conclave/postgres-kit';
import { graphFault, referencesIn } from '@conclave/run-core';
import { z } from 'zod';
import { Bells } from '../engine/bells.js';
import { tasksOf } from '../agents/task-agent.js';
import type { Json, TaskSpec, Turn } from '../engine/agent-port.js';
import { createRuns, type NewRun } from '../engine/postgres-create.js';
import { keepGoing } from '../engine/postgres-control.js';
import { WorkspaceModels } from '../models/workspace-models.js';
import { priorityOf } from './postgres-runs.js';

type Task = runs.TaskSpecOf;

/** Who starts a run, and for whom. */
export interface Starter {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly actor: string;
  /** The key or the connection beneath the credential they start it with. */
  readonly rootCredential?: string | undefined;
  /** What permitted them to. */
  readonly verdict?: ActVerdict | undefined;
}

export const starterOf = ({ tenantId, workspaceId, actor, rootCredentialId, verdict }: RequestContext): Starter => ({
  ...{ tenantId, workspaceId: workspaceId!, actor, rootCredential: rootCredentialId, verdict },
});

export interface StartOptions {
  readonly id?: string;
  readonly title?: string;
  /** Read by tasks as `{"$from": "trigger"}`. */
  readonly trigger?: Json;
  readonly parent?: string;
}

/** The turn that starts a run of its own. */
type Starting = Pick<Turn, 'tenantId' | 'workspaceId' | 'actor' | 'runId' | 'taskId'>;

const LIMITS = { tasks: 1_000, depth: 100, fanOut: 200 } as const;
const CHILD_DEPTH = 8;
const PRIORITY = { urgent: -2, high: -1, normal: 0, low: 1 } as const;
const TRIGGER = 'trigger';

/** Turns a request into a run that can be created, or says what is wrong with it. */
@Injectable()
export class StartRun {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(WorkspaceModels) private readonly models: WorkspaceModels,
  ) {}

  /**
   * `db` is a transaction that is under way.
   *
   * @throws ConclaveError `runtime.graph.invalid` | `runtime.agent.unavailable` | `request.invalid`
   */
  async plan(
    who: Starter,
    request: CreateRunRequest,
    { id, title, trigger, parent }: StartOptions = {},
    db?: Statements,
  ): Promise<NewRun> {
    const common = {
      ...{ tenantId: who.tenantId, workspaceId: who.workspaceId, actor: who.actor, verdict: who.verdict },
      rootCredential: who.rootCredential,
      id: id ?? newId('run'),
      input: trigger === undefined ? {} : { trigger },
      priority: PRIORITY[request.priority],
      session: request.session,
      deadlineMs: request.deadlineMs,
      ...(parent && { parent }),
    };
    const named = request.title ?? title;
    const { agent, input = {}, tasks: graph = [] } = request;
    const asksModel = agent === 'model' || graph.some((task) => task.agent === 'model');
    const models = asksModel ? (await this.models.routes(who, db)).map((route) => route.id) : [];
    if (agent !== undefined) {
      const task = { id: 'root', agent, input, dependsOn: [] };
      checkTask(task, models);
      const root = { agent, rootInput: input as Json, slow: isSlow(agent), provider: providerOf(task, models) };
      return { ...common, ...root, kind: 'agent', title: named ?? agent };
    }
    const fault = graphFault(graph, LIMITS);
    if (fault) throw new ConclaveError('runtime.graph.invalid', { ...fault });
    for (const task of graph) checkTask(task, models);
    const tasks = graph.map((task) => specOf(task, models));
    const rootInput = { tasks } as unknown as Json;
    return { ...common, kind: 'tasks', agent: 'graph', rootInput, title: named ?? `${tasks.length} tasks` };
  }

  /** Creates a run in the caller's transaction. @returns its id */
  async start(tx: Tx, who: Starter, request: CreateRunRequest, options: StartOptions = {}): Promise<string> {
    const run = await this.plan(who, request, options, tx);
    await createRuns(tx, [run]);
    tx.afterCommit(() => {
      this.db.emitted();
      this.bells.ready();
    });
    return run.id;
  }

  /**
   * The run of a task: its tasks are checked like those of a request.
   *
   * @throws ConclaveError as `plan` does, and `runtime.run.finished` when the run of the task is over
   */
  async startChild(turn: Starting, id: string, spec: { title?: string | undefined; tasks: unknown }): Promise<void> {
    const parsed = z.array(runs.taskSpec).min(1).safeParse(spec.tasks);
    if (!parsed.success)
      throw new ConclaveError('request.invalid', {
        issues: [{ path: 'tasks', message: z.prettifyError(parsed.error).slice(0, 500) }],
      });
    const who = { tenantId: turn.tenantId, workspaceId: turn.workspaceId, actor: turn.actor };
    await this.db.tx(who, async (tx) => {
      // Whoever ends the parent meanwhile ends the child with it.
      if (!(await keepGoing(tx, { tenantId: turn.tenantId, id: turn.runId })))
        throw new ConclaveError('runtime.run.finished', { id: turn.runId });
      const { depth, priority } = await parentOf(tx, turn);
      if (depth >= CHILD_DEPTH)
        throw new ConclaveError('runtime.graph.invalid', { fault: 'too-deep', limit: CHILD_DEPTH, found: depth + 1 });
      const request = { tasks: parsed.data, priority, waitMs: 0 };
      const title = spec.title ?? `${turn.taskId} of ${turn.runId}`;
      await this.start(tx, who, request, { id, title, parent: turn.runId });
    });
  }
}

/** What can be known of a task before it runs: an input that refers to others is looked at when they are done. */
function checkTask({ id, agent, input, dependsOn }: Task, models: readonly string[]): void {
  const all = referencesIn(input, tasksOf(agent, input));
  const references = all.filter(({ from }) => from !== TRIGGER);
  const unknown = references.find(({ from }) => !dependsOn.includes(from));
  if (unknown)
    throw new ConclaveError('runtime.graph.invalid', { fault: 'reference', task: id, dependsOn: unknown.from });
  if (agent === 'model') checkModel(id, input, models);
  if (all.length > 0) return;
  const parsed = runs.agentInputs[agent].safeParse(input);
  if (parsed.success) return;
  const issues = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: [id, 'input', ...path.map(String)].join('.'), message }));
  throw new ConclaveError('request.invalid', { issues });
}

function checkModel(task: string, { model }: Task['input'], known: readonly string[]): void {
  if (known.length === 0)
    throw new ConclaveError('runtime.agent.unavailable', { task, reason: 'no model is configured' });
  if (typeof model === 'string' && !known.includes(model))
    throw new ConclaveError('runtime.agent.unavailable', { task, reason: `no such model here`, known });
}

function specOf(task: Task, models: readonly string[]): TaskSpec {
  const { id, agent, input, dependsOn } = task;
  const provider = providerOf(task, models);
  return { id, agent, input: input, dependsOn, slow: isSlow(agent), ...(provider && { provider }) };
}

function providerOf({ agent, input }: Pick<Task, 'agent' | 'input'>, models: readonly string[]): string | undefined {
  if (agent !== 'model') return undefined;
  const model = typeof input['model'] === 'string' ? input['model'] : models[0];
  return model?.split('/', 1)[0];
}

const isSlow = (agent: string): boolean => agent === 'command';

/** How many runs stand above one that this one starts, and how urgent it is. */
async function parentOf(
  tx: Tx,
  { tenantId, runId }: Starting,
): Promise<{ depth: number; priority: CreateRunRequest['priority'] }> {
  const row = await tx.one<{ depth: number; priority: number }>(
    `with recursive up as (
       select id, parent_run_id, 1 as depth from run where tenant_id = $1 and id = $2
       union all
       select r.id, r.parent_run_id, up.depth + 1 from up join run r on r.tenant_id = $1 and r.id = up.parent_run_id
     ) select max(depth)::int as depth, (select priority from run where tenant_id = $1 and id = $2) as priority from up`,
    [tenantId, runId],
  );
  return { depth: row!.depth, priority: priorityOf(row!.priority) };
}
