/**
 * The engine on Postgres beside its model in run-core: whatever is asked of both, in whatever order, they answer the same
 * and have the same rows. What the simulation proves of the model holds of the engine by this.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { machines } from '@conclave/run-core';
import { EngineModel, declaredArrows, turnKey } from '@conclave/run-core/engine-model';
import fc from 'fast-check';
import { LEASE_MS, WORKER, actor, openEngineWorld, type EngineWorld } from '../testing/engine-world.js';
import type { Activation } from './agent-port.js';
import { Fenced, type ClaimedTurn } from './claimed-turn.js';
import { endRun, pauseRun, resumeRun } from './postgres-control.js';
import { freeWorkers } from './postgres-lost.js';
import { giveBack } from './postgres-turns.js';
import { answerWait, expireWaits, settle } from './postgres-waits.js';

type Hold = ReturnType<EngineModel['claim']>;
type Ending = Parameters<EngineModel['finish']>[1];

const OTHER = 'wrk_b';
const MINUTE_MS = 60_000;

/** Notes every arrow that is taken. */
const NOTES = `
  create table public.taken (arrow text);
  create function public.note() returns trigger language plpgsql security definer as $$
    begin
      insert into public.taken values (format('%s: %s --> %s', tg_table_name, old.state, new.state));
      return null;
    end $$;
  ${Object.keys(machines)
    .map(
      (table) => `create trigger note after update of state on runtime.${table} for each row
        when (old.state <> new.state) execute function public.note()`,
    )
    .join(';')}`;

const ROWS = `
  select 'run ' || id as key, jsonb_build_array(state, paused_from, open_tasks) as row from runtime.run
  union all select 'task ' || run_id || '/' || id, jsonb_build_array(state, remaining) from runtime.task
  union all select 'turn ' || run_id || '/' || task_id || '/' || no,
    jsonb_build_array(state, lease_owner, control, attempt, failures, lost) from runtime.turn
  union all select 'wait ' || run_id || '/' || task_id || '/' || no, jsonb_build_array(state) from runtime.wait
  union all select 'step ' || run_id || '/' || task_id || ' ' || name, null from runtime.step`;

let world: EngineWorld;
beforeAll(async () => {
  world = await openEngineWorld();
  await world.test.query(NOTES);
});
afterAll(() => world.close());

/** What may be asked; what is asked more often stands there more often. */
const ASKS = [
  ...(['create', 'claim', 'claim', 'claim', 'step', 'finish', 'finish', 'finish', 'answer', 'tell'] as const),
  ...(['pause', 'resume', 'resume', 'end', 'giveBack', 'lose', 'expire'] as const),
];

/** Both of them, asked the same. */
class Twins {
  readonly ctx = actor();
  readonly model = new EngineModel(LEASE_MS, 0);
  private now = 0;
  /** Every turn that was ever given to a worker, also when it has lost it. */
  /** The run that each run may start. */
  private readonly children = new Map<string, string>();
  private readonly given: { readonly turn: ClaimedTurn; readonly hold: Hold; activation?: Activation }[] = [];

  constructor() {
    for (const worker of [WORKER, OTHER]) this.model.enlist(worker, 1, 0);
  }

  async ask(kind: number, which: number): Promise<void> {
    await this[ASKS[kind % ASKS.length]!](which);
    const rows = await world.test.query<{ key: string; row: unknown }>(ROWS);
    expect(Object.fromEntries(rows.map(({ key, row }) => [key, row]))).toEqual(this.rows());
  }

  async create(which: number): Promise<void> {
    const id = newId('run');
    const session = which % 3 === 0 ? 'one' : undefined;
    await world.create(this.ctx, { id, session });
    this.model.create({ id, session }, this.now);
  }

  async claim(which: number): Promise<void> {
    const by = which % 2 === 0 ? WORKER : OTHER;
    const [turn] = await world.claim(by, 1);
    const claimable = this.model.claimable(by, this.now);
    const row = claimable.find((one) => turn && turnKey(one) === `${turn.runId}/${turn.taskId}/${turn.no}`);
    expect(row === undefined).toBe(claimable.length === 0);
    if (turn && row) this.given.push({ turn, hold: this.model.claim(row, by, this.now) });
  }

  async step(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const pause = await held(world.step(given.turn, `step ${which % 3}`, which));
    expect(pause).toBe(this.model.step(given.hold, `step ${which % 3}`));
  }

  async finish(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const { turn, hold } = given;
    const child = this.children.get(turn.runId) ?? newId('run');
    this.children.set(turn.runId, child);
    // Sent again, it is the same.
    const activation = (given.activation ??= activationOf(turn, child, which >>> 4));
    if (activation.kind === 'parked' && activation.wait.kind === 'run' && !this.model.runs.has(child)) {
      await world.create(this.ctx, { id: child, parent: turn.runId });
      this.model.create({ id: child, parent: turn.runId }, this.now);
    }
    const isHeld = (await held(world.finish(turn, activation).then(() => true))) ?? false;
    expect(isHeld).toBe(this.model.finish(hold, activation as Ending, this.now));
  }

  async answer(which: number): Promise<void> {
    const wait = this.one([...this.model.waits.values()], which);
    if (!wait) return;
    const key = { tenantId: this.ctx.tenantId, runId: wait.run, taskId: wait.task, no: wait.no };
    const isFirst = await world.db.tx(this.ctx, (tx) => answerWait(tx, key, 'yes'));
    expect(isFirst).toBe(this.model.answer(turnKey(wait), 'yes', this.now));
  }

  async tell(which: number): Promise<void> {
    const id = this.run(which);
    if (!id) return;
    await world.db.tx(this.ctx, (tx) => settle(tx, { tenantId: this.ctx.tenantId, kind: 'event', key: id }, 'told'));
    this.model.settle({ kind: 'event', key: id }, 'told', this.now);
  }

  async pause(which: number): Promise<void> {
    const id = this.run(which);
    if (!id) return;
    expect(await world.db.tx(this.ctx, (tx) => pauseRun(tx, this.key(id), undefined))).toBe(this.model.pause(id));
  }

  async resume(which: number): Promise<void> {
    const id = this.run(which);
    if (id) expect(await world.db.tx(this.ctx, (tx) => resumeRun(tx, this.key(id)))).toBe(this.model.resume(id));
  }

  async end(which: number): Promise<void> {
    const [id, how] = [this.run(which), which % 2 === 0 ? 'cancel' : 'expire'] as const;
    if (!id || which % 3 > 0) return;
    const ended = await world.db.tx(this.ctx, (tx) => endRun(tx, this.key(id), { how, by: 'service:runtime' }));
    expect(ended.includes(id)).toBe(this.model.end(id, how, this.now));
  }

  async giveBack(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const lost = await world.db.system((tx) => giveBack(tx, given.turn, 0, which % 2 === 0 ? 'it failed' : undefined));
    expect(lost.length > 0).toBe(this.model.giveBack(given.hold, which % 2 === 0));
  }

  async lose(which: number): Promise<void> {
    const dead = which % 2 === 0;
    await world.db.system((tx) => freeWorkers(tx, [OTHER], { dead }));
    await enlist(OTHER);
    this.model.free([OTHER], dead);
    this.model.enlist(OTHER, 1, this.now);
  }

  async expire(which: number): Promise<void> {
    if (which % 3 > 0) return;
    await world.test.query(`update runtime.wait set expires_at = now() where state = 'open'`);
    await expireWaits(world.db);
    this.now += MINUTE_MS;
    this.model.expireWaits(this.now);
    for (const worker of [WORKER, OTHER]) this.model.enlist(worker, 1, this.now);
  }

  private rows(): Record<string, unknown> {
    const { runs, tasks, turns, waits, steps } = this.model;
    return Object.fromEntries([
      ...[...runs].map(([id, run]) => [`run ${id}`, [run.state, run.pausedFrom, run.openTasks]]),
      ...[...tasks].map(([key, task]) => [`task ${key}`, [task.state, task.remaining]]),
      ...[...turns].map(([key, turn]) => [
        `turn ${key}`,
        [turn.state, turn.owner, turn.control, turn.attempt, turn.failures, turn.lost],
      ]),
      ...[...waits].map(([key, wait]) => [`wait ${key}`, [wait.state]]),
      ...[...steps].map((step) => [`step ${step}`, null]),
    ]) as Record<string, unknown>;
  }

  private one<T>(items: readonly T[], which: number): T | undefined {
    // Of the newest more often: what is old is mostly over.
    return items.at(-1 - ((which >>> 2) % Math.min(5, items.length)));
  }

  private run(which: number): string | undefined {
    return this.one([...this.model.runs.keys()], which);
  }

  private key(id: string) {
    return { tenantId: this.ctx.tenantId, id };
  }
}

const enlist = (worker: string): Promise<unknown> =>
  world.test.query(`insert into runtime.worker (id, lock_key) values ($1, 1)`, [worker]);

/** What a write answers; undefined when its turn was lost. */
const held = <T>(write: Promise<T>): Promise<T | undefined> =>
  write.catch((error: unknown) => {
    if (error instanceof Fenced) return undefined;
    throw error;
  });

function activationOf(turn: ClaimedTurn, childId: string, which: number): Activation {
  const { runId, taskId, no, parentRunId } = turn;
  const parked = (kind: 'human' | 'event' | 'tasks' | 'run', key: string) =>
    ({ kind: 'parked', wait: { kind, key, expiresInMs: MINUTE_MS, defaultAnswer: null } }) as const;
  const done = { kind: 'done', result: 1 } as const;
  const failed = { kind: 'failed', code: 'x', message: 'y' } as const;
  if (no > 1 || taskId !== 'root') return [done, done, failed, parked('human', `${runId}/${taskId}/${no}`)][which % 4]!;
  const graph = {
    ...parked('tasks', runId),
    spawn: [
      { id: 'left', agent: 'a', input: {}, dependsOn: [] },
      { id: 'right', agent: 'a', input: {}, dependsOn: [] },
      { id: 'join', agent: 'a', input: {}, dependsOn: ['left', 'right'] },
    ],
  };
  const child = parentRunId === null ? parked('run', childId) : done;
  return [done, failed, parked('human', runId), parked('event', runId), child, graph, graph, graph][which % 8]!;
}

it('answers as its model does and has the same rows, by all arrows of the tables', async () => {
  const asks = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 60, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(asks, async (all) => {
      await world.reset();
      await enlist(OTHER);
      const twins = new Twins();
      for (const [kind, which] of all) await twins.ask(kind, which);
    }),
    { seed: 1, numRuns: 20, endOnFailure: true },
  );
  const taken = await world.test.query<{ arrow: string }>('select distinct arrow from public.taken');
  expect(taken.map(({ arrow }) => arrow).sort()).toEqual(declaredArrows);
});
