/**
 * A run done again from its journal: every turn is given what it was given then, and nothing it has not journaled is
 * done. Pure in the record and the agents: the world is not asked.
 */
import { isDeepStrictEqual } from 'node:util';
import { AwaitsBudget, BudgetExhausted } from '../budgets/out-of-budget.js';
import {
  RESULTS_LIMIT_BYTES,
  ResultsTooLarge,
  type Activation,
  type AgentPort,
  type Json,
  type Steering,
  type Turn,
} from './agent-port.js';
import { Outlasts, activationOf, effectsOf } from './effects.js';
import { journalForm } from './journal-form.js';

/** Everything that is written down of a run. Positions order what happened to it. */
export interface RunRecord {
  readonly run: {
    readonly tenantId: string;
    readonly workspaceId: string;
    readonly id: string;
    readonly actor: string;
    readonly input: Json;
  };
  readonly tasks: readonly {
    readonly id: string;
    readonly agent: string;
    readonly input: Json;
    readonly state: string;
    readonly result: Json;
    readonly endedPos: number | null;
  }[];
  /** Those that ended. */
  readonly turns: readonly {
    readonly task: string;
    readonly no: number;
    readonly endedPos: number;
    /** Why the agent was asked to give up, if it was. */
    readonly hopeless: string | null;
  }[];
  readonly steps: readonly {
    readonly task: string;
    readonly no: number;
    readonly name: string;
    readonly result: Json;
    readonly pos: number;
  }[];
  readonly waits: readonly {
    readonly task: string;
    readonly no: number;
    readonly kind: string;
    readonly key: string;
    readonly answer: Json;
  }[];
}

/** Where an agent first did something else than is recorded. */
export interface Divergence {
  readonly task: string;
  readonly turn: number;
  readonly step?: string;
  readonly expected: Json;
  readonly found: Json;
}

export interface Replayed {
  readonly turns: number;
  readonly steps: number;
  readonly divergence?: Divergence;
}

class Diverged extends Error {
  constructor(readonly at: Divergence) {
    super(`task ${at.task}, turn ${at.turn}`);
  }
}

type Ended = RunRecord['turns'][number];

/** Replays turn after turn in the order in which they ended, up to the first divergence. */
export async function replay(agents: ReadonlyMap<string, AgentPort>, record: RunRecord): Promise<Replayed> {
  let [turns, steps] = [0, 0];
  const inOrder = [...record.turns].sort((a, b) => a.endedPos - b.endedPos);
  for (const ended of inOrder) {
    try {
      steps += await replayTurn(agents, record, ended);
      turns++;
    } catch (error) {
      if (error instanceof Diverged) return { turns, steps, divergence: error.at };
      throw error;
    }
  }
  return { turns, steps };
}

/** @returns how many steps the turn made */
async function replayTurn(agents: ReadonlyMap<string, AgentPort>, record: RunRecord, ended: Ended): Promise<number> {
  const task = record.tasks.find(({ id }) => id === ended.task)!;
  const at = { task: ended.task, turn: ended.no };
  const agent = agents.get(task.agent);
  if (!agent) throw new Diverged({ ...at, expected: task.agent, found: 'no such agent here' });
  const own = record.steps.filter((step) => step.task === ended.task && step.no <= ended.no);
  const unused = new Set(own.filter(({ no }) => no === ended.no).map(({ name }) => name));
  const journal = new Map(own.map(({ name, result }) => [name, result]));
  const wait = record.waits.find((one) => one.task === ended.task && one.no === ended.no);
  const goesOn = wait?.kind === 'command' ? wait.key.slice(`${record.run.id}/${ended.task}/`.length) : undefined;
  /** What was begun in this very turn had not been begun before. */
  const before = new Map(
    own
      .filter(({ no, name }) => no < ended.no || name !== `intent/${goesOn}`)
      .map(({ name, result }) => [name, result]),
  );

  const step = async <T extends Json>(name: string): Promise<T> => {
    unused.delete(name);
    // What was done inside it is named below it, and not asked for again.
    for (const inner of unused) if (inner.startsWith(`${name}/`)) unused.delete(inner);
    if (journal.has(name)) return journal.get(name) as T;
    // It went on when the turn ended, and nobody runs it again.
    if (name === goesOn) throw new Outlasts(name, new Promise(() => undefined), 0, null);
    const [expected = 'the end of the turn'] = unused;
    const refusal = refusalOf(record, ended, task);
    if (refusal && unused.size === 0) throw refusal;
    throw new Diverged({ ...at, step: name, expected, found: name });
  };
  const answer = record.waits.find((wait) => wait.task === ended.task && wait.no === ended.no - 1)?.answer;
  const turn: Turn = {
    ...{ tenantId: record.run.tenantId, workspaceId: record.run.workspaceId, runId: record.run.id },
    ...{ taskId: task.id, actor: record.run.actor, input: task.input, runInput: record.run.input, answer },
    signal: new AbortController().signal,
    ...{ step, lastStep: step },
    effect: effectsOf({ journal: before, answer: answer ?? undefined, keyOf: (name) => name, step }),
    steering: async (name) => (await step(`steering/${name}`)) as unknown as readonly Steering[],
    speaker: () => () => undefined,
    asks: async () => true,
    tell: async (name) => void (await step(`tell/${name}`)),
    stepsOf: async (name) =>
      Object.fromEntries(
        record.steps.filter((s) => s.name === name && s.pos < ended.endedPos).map((s) => [s.task, s.result]),
      ),
    resultsOf: async (ids) => {
      const done = record.tasks.filter(
        ({ id, state, endedPos }) => ids.includes(id) && state === 'done' && endedPos! <= ended.endedPos,
      );
      const bytes = done.reduce((sum, { result }) => sum + Buffer.byteLength(JSON.stringify(result)), 0);
      if (bytes > RESULTS_LIMIT_BYTES) throw new ResultsTooLarge();
      return Object.fromEntries(done.map(({ id, result }) => [id, result]));
    },
  };
  const activation = await activationOf(agent, turn, ended.hopeless ?? undefined);
  const [forgotten] = unused;
  if (forgotten !== undefined)
    throw new Diverged({ ...at, step: forgotten, expected: forgotten, found: 'the end of the turn' });
  compare(at, recordedEnd(record, ended, task), endOf(activation));
  return own.filter(({ no }) => no === ended.no).length;
}

/** A call that found no room ended the turn, and left nothing of its step. */
function refusalOf(record: RunRecord, { task: id, no }: Ended, task: RunRecord['tasks'][number]): Error | undefined {
  const wait = record.waits.find((one) => one.task === id && one.no === no);
  if (wait) return wait.kind === 'budget' ? new AwaitsBudget(wait.key, null) : undefined;
  const { code, message } = (task.result ?? {}) as { readonly code?: Json; readonly message?: string };
  if (task.state !== 'failed' || (code !== 'budget.exhausted' && code !== 'budget.unpriced')) return undefined;
  return new BudgetExhausted(code, message!);
}

function compare(at: { task: string; turn: number }, expected: Json, found: Json): void {
  if (!isDeepStrictEqual(expected, found)) throw new Diverged({ ...at, expected, found });
}

/** What of a turn's end must be the same: not how long a wait lasts, which the clock says. */
function recordedEnd(record: RunRecord, { task: id, no }: Ended, task: RunRecord['tasks'][number]): Json {
  const wait = record.waits.find((one) => one.task === id && one.no === no);
  return wait ? { parked: wait.kind, key: wait.key } : { ended: task.state, result: task.result };
}

function endOf(activation: Activation): Json {
  if (activation.kind === 'parked') return { parked: activation.wait.kind, key: activation.wait.key };
  const result =
    activation.kind === 'done' ? activation.result : { code: activation.code, message: activation.message };
  return journalForm({ ended: activation.kind, result });
}
