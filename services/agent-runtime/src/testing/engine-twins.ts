/** The engine on Postgres beside its model in run-core: asked the same, they answer the same and have the same rows. */
import { expect } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { EngineModel, turnKey } from '@conclave/run-core/engine-model';
import fc from 'fast-check';
import type { Activation } from '../engine/agent-port.js';
import { Fenced, type ClaimedTurn } from '../engine/claimed-turn.js';
import { endRun, keepGoing, pauseRun, resumeRun, steerRun } from '../engine/postgres-control.js';
import { freeWorkers } from '../engine/postgres-lost.js';
import { giveBack, messagesAfter } from '../engine/postgres-turns.js';
import { answerWait, expireWaits, settle } from '../engine/postgres-waits.js';
import { LEASE_MS, WORKER, actor, type EngineWorld } from './engine-world.js';

type Hold = ReturnType<EngineModel['claim']>;
type Ending = Parameters<EngineModel['finish']>[1];

const OTHER = 'wrk_b';
const MINUTE_MS = 60_000;

const ROWS = `
  select 'run ' || id as key, jsonb_build_array(state, paused_from, open_tasks) as row from runtime.run
  union all select 'task ' || run_id || '/' || id, jsonb_build_array(state, remaining) from runtime.task
  union all select 'turn ' || run_id || '/' || task_id || '/' || no,
    jsonb_build_array(state, lease_owner, control, attempt, failures, lost) from runtime.turn
  union all select 'wait ' || run_id || '/' || task_id || '/' || no, jsonb_build_array(state) from runtime.wait
  union all select 'step ' || run_id || '/' || task_id || ' ' || name,
    case when name like 'steering/%' then result else '[]' end from runtime.step`;

/** What may be asked; what is asked more often stands there more often. */
const ASKS = [
  ...(['create', 'claim', 'claim', 'claim', 'step', 'finish', 'finish', 'finish', 'answer', 'tell'] as const),
  ...(['steer', 'hear'] as const),
  ...(['pause', 'pause', 'resume', 'resume', 'end', 'giveBack', 'lose', 'expire'] as const),
];

/** What is asked, one after the other: of what kind, and of which row. */
export type Asked = readonly (readonly [kind: number, which: number])[];

/** Sixty of them. */
export const asked = fc.noBias(fc.array(fc.tuple(fc.nat(99_999), fc.nat(99_999)), { minLength: 60, maxLength: 60 }));

/** Asks both, of whom nothing was asked before. */
export async function ask(world: EngineWorld, all: Asked): Promise<void> {
  await world.reset();
  const twins = new Twins(world);
  await twins.enlist(OTHER);
  for (const [kind, which] of all) await twins.ask(kind, which);
}

class Twins {
  readonly ctx = actor();
  readonly model = new EngineModel(LEASE_MS, 0);
  private now = 0;
  /** The run that each run may start. */
  private readonly children = new Map<string, string>();
  /** Every turn that was ever given to a worker, also when it has lost it. */
  private readonly given: { readonly turn: ClaimedTurn; readonly hold: Hold; activation?: Activation }[] = [];

  constructor(private readonly world: EngineWorld) {
    for (const worker of [WORKER, OTHER]) this.model.enlist(worker, 1, 0);
  }

  async ask(kind: number, which: number): Promise<void> {
    await this[ASKS[kind % ASKS.length]!](which);
    const rows = await this.world.test.query<{ key: string; row: unknown }>(ROWS);
    expect(Object.fromEntries(rows.map(({ key, row }) => [key, row]))).toEqual(this.rows());
  }

  async create(which: number): Promise<void> {
    const id = newId('run');
    const session = which % 3 === 0 ? 'one' : undefined;
    await this.world.create(this.ctx, { id, session });
    this.model.create({ id, session }, this.now);
  }

  async claim(which: number): Promise<void> {
    const by = which % 2 === 0 ? WORKER : OTHER;
    const [turn] = await this.world.claim(by, 1);
    const claimable = this.model.claimable(by, this.now);
    const row = claimable.find((one) => turn && turnKey(one) === `${turn.runId}/${turn.taskId}/${turn.no}`);
    expect(row === undefined).toBe(claimable.length === 0);
    if (turn && row) this.given.push({ turn, hold: this.model.claim(row, by, this.now) });
  }

  async step(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const pause = await held(this.world.step(given.turn, `step ${which % 3}`, which));
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
      const goesOn = await this.world.db.tx(this.ctx, (tx) => keepGoing(tx, this.key(turn.runId)));
      if (goesOn) await this.world.create(this.ctx, { id: child, parent: turn.runId });
      expect(goesOn).toBe(this.model.create({ id: child, parent: turn.runId }, this.now));
    }
    const isHeld = (await held(this.world.finish(turn, activation).then(() => true))) ?? false;
    expect(isHeld).toBe(this.model.finish(hold, activation as Ending, this.now));
  }

  async answer(which: number): Promise<void> {
    const wait = this.one([...this.model.waits.values()], which);
    if (!wait) return;
    const key = { tenantId: this.ctx.tenantId, runId: wait.run, taskId: wait.task, no: wait.no };
    const isFirst = await this.world.db.tx(this.ctx, (tx) => answerWait(tx, key, 'yes'));
    expect(isFirst).toBe(this.model.answer(turnKey(wait), 'yes', this.now));
  }

  async tell(which: number): Promise<void> {
    const id = this.run(which);
    if (!id) return;
    await this.world.db.tx(this.ctx, (tx) =>
      settle(tx, { tenantId: this.ctx.tenantId, kind: 'event', key: id }, 'told'),
    );
    this.model.settle({ kind: 'event', key: id }, 'told', this.now);
  }

  async steer(which: number): Promise<void> {
    const id = this.run(which);
    if (!id) return;
    const no = await this.world.db.tx(this.ctx, (tx) => steerRun(tx, this.key(id), 'user', `${which}`));
    expect(no).toBe(this.model.steer(id));
  }

  async hear(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const { turn, hold } = given;
    const reader = this.world.db.autocommit(this.ctx);
    const said = await messagesAfter(reader, turn, this.model.rules.heardBefore(hold));
    const heard = said.map(({ no }) => no);
    expect(heard).toEqual(this.model.messagesFor(hold));
    const pause = await held(this.world.step(turn, `steering/${which % 9}`, heard));
    expect(pause).toBe(this.model.step(hold, `steering/${which % 9}`, heard));
  }

  async pause(which: number): Promise<void> {
    const id = this.run(which);
    if (!id) return;
    expect(await this.world.db.tx(this.ctx, (tx) => pauseRun(tx, this.key(id), undefined))).toBe(this.model.pause(id));
  }

  async resume(which: number): Promise<void> {
    const id = this.run(which);
    if (id) expect(await this.world.db.tx(this.ctx, (tx) => resumeRun(tx, this.key(id)))).toBe(this.model.resume(id));
  }

  async end(which: number): Promise<void> {
    const [id, how] = [this.run(which), which % 2 === 0 ? 'cancel' : 'expire'] as const;
    if (!id || which % 5 > 1) return;
    const ended = await this.world.db.tx(this.ctx, (tx) => endRun(tx, this.key(id), { how, by: 'service:runtime' }));
    expect(ended.includes(id)).toBe(this.model.end(id, how, this.now));
  }

  async giveBack(which: number): Promise<void> {
    const given = this.one(this.given, which);
    if (!given) return;
    const lost = await this.world.db.system((tx) =>
      giveBack(tx, given.turn, 0, which % 2 === 0 ? 'it failed' : undefined),
    );
    expect(lost.length > 0).toBe(this.model.giveBack(given.hold, which % 2 === 0));
  }

  async lose(which: number): Promise<void> {
    const dead = which % 2 === 0;
    await this.world.db.system((tx) => freeWorkers(tx, [OTHER], { dead }));
    await this.enlist(OTHER);
    this.model.free([OTHER], dead);
    this.model.enlist(OTHER, 1, this.now);
  }

  async expire(which: number): Promise<void> {
    if (which % 3 > 0) return;
    await this.world.test.query(`update runtime.wait set expires_at = now() where state = 'open'`);
    await expireWaits(this.world.db);
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
      ...[...steps].map(([step, heard]) => [`step ${step}`, heard]),
    ]) as Record<string, unknown>;
  }

  private one<T>(items: readonly T[], which: number): T | undefined {
    // Of the newest more often: what is old is mostly over.
    return items.at(-1 - ((which >>> 2) % Math.min(3, items.length)));
  }

  private run(which: number): string | undefined {
    return this.one([...this.model.runs.keys()], which);
  }

  private key(id: string) {
    return { tenantId: this.ctx.tenantId, id };
  }

  enlist(worker: string): Promise<unknown> {
    return this.world.test.query(`insert into runtime.worker (id, lock_key) values ($1, 1)`, [worker]);
  }
}

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
