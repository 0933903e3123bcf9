/**
 * A worker's process as `npm run chaos` kills and freezes it: all that it has in production, with an agent that writes
 * down what it does. The chaos suite loads this module by its path; no image starts it.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestOf, budgets } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Database } from '@conclave/postgres-kit';
import { ComposeAgent } from '../agents/compose.js';
import { GraphAgent } from '../agents/graph.js';
import { HumanAgent } from '../agents/human.js';
import { TimerAgent } from '../agents/timer.js';
import type { Entry } from '../budgets/account.js';
import { Budgets } from '../budgets/budgets.js';
import { budgetAnswer, outOfBudget } from '../budgets/out-of-budget.js';
import { PostgresBudgets } from '../budgets/postgres-budgets.js';
import { Control } from '../control/control.js';
import type { Activation, AgentPort, Json, Turn } from '../engine/agent-port.js';
import { Fenced, type ClaimedTurn } from '../engine/claimed-turn.js';
import { Engine } from '../engine/engine.js';
import type { Capacity, Claim } from '../engine/postgres-claim.js';
import type { NewRun } from '../engine/postgres-create.js';
import type { Finish } from '../engine/postgres-finish.js';
import type { NewStep } from '../engine/postgres-step.js';
import { expireWaits, settle } from '../engine/postgres-waits.js';
import { openEngineProcess } from './engine-process.js';

interface Options {
  readonly environment: Readonly<Record<string, string>>;
  /** Where this process writes down what it did; a line is there when the call that wrote it has returned. */
  readonly logFile: string;
  readonly slots: number;
  readonly leaseMs: number;
  /** The most that a step's work costs. */
  readonly callMicros: number;
  /** How far its clock jumps, there and back, again and again. */
  readonly clockJumpMs: number;
}

/** What a task of the chaos suite is asked for. */
interface ChaosInput {
  readonly turns: number;
  readonly steps: number;
}

const JUMP_EVERY_MS = 700;
const WORK_MS = 40;
const TIMER_MS = 60;
/** The answer may be lost with the process that was to give it; then the default, which is the same, ends the wait. */
const ANSWER_WITHIN_MS = 2_000;
/** Longer than a step's work takes, whatever befalls its worker. */
const HOLD_MS = 30_000;
/** A provider cuts off who keeps it waiting for so long: a worker that was frozen meanwhile. */
const CUT_MS = 1_500;
const SWEEP_MS = 250;

/** Of the machine, whatever the clock of this process says. */
const now = (): number => performance.timeOrigin + performance.now();

type Note = (what: string, turn: Omit<ClaimedTurn, 'journal'> | ClaimedTurn, more?: object) => void;

const notesIn =
  (file: string): Note =>
  (what, { runId: run, taskId: task, no, epoch }, more = {}) =>
    appendFileSync(file, `${JSON.stringify({ what, at: now(), run, task, no, epoch, ...more })}\n`);

/** An engine that writes down what it was told by the database, once it was told. */
class NotedEngine extends Engine {
  private readonly current = new Map<string, ClaimedTurn>();

  constructor(
    parts: ConstructorParameters<typeof Engine>,
    private readonly note: Note,
  ) {
    super(...parts);
    const [, , bells] = parts;
    const make = bells.make.bind(bells);
    bells.make = (wanted, makeThem) =>
      make(wanted, async (room) => {
        const taken = await makeThem(room);
        for (const turn of taken) this.given(turn);
        return taken;
      });
  }

  /** The turn that an agent is activated for, when asked before it waits for anything. */
  turnOf({ runId, taskId }: Pick<Turn, 'runId' | 'taskId'>): ClaimedTurn {
    return this.current.get(`${runId}/${taskId}`)!;
  }

  override async claim(worker: string, capacity: Capacity): Promise<Claim> {
    const claim = await super.claim(worker, capacity);
    for (const turn of claim.turns) this.given(turn);
    return claim;
  }

  private given(turn: ClaimedTurn): void {
    this.current.set(`${turn.runId}/${turn.taskId}`, turn);
    this.note('claimed', turn);
  }

  override async step(step: NewStep): Promise<boolean> {
    const pause = await this.refusedOr(step.turn, super.step(step));
    this.note('kept', step.turn, { step: step.name });
    return pause;
  }

  override async finish(finish: Finish): Promise<void> {
    await this.refusedOr(finish.turn, super.finish(finish));
    this.note('ended', finish.turn);
  }

  private refusedOr<T>(turn: ClaimedTurn, write: Promise<T>): Promise<T> {
    return write.catch((error: unknown) => {
      if (error instanceof Fenced) this.note('fenced', turn);
      throw error;
    });
  }
}

interface Purse {
  readonly budgets: Budgets;
  readonly callMicros: number;
}

/** Does its steps, each of which costs something, waits for a time or for a word that is on its way, and goes on until its last turn. */
function wanderer(engine: NotedEngine, db: Database, { budgets, callMicros }: Purse, note: Note): AgentPort {
  /** Held, done and paid like a model's call. */
  const work = async (turn: Turn, claimed: ClaimedTurn, step: string, key: string): Promise<Json> => {
    const call = { tenantId: turn.tenantId, runId: turn.runId, callId: key };
    note('asked', claimed, { step, key });
    const grant = await budgets.reserve(call, callMicros, HOLD_MS);
    if ('budget' in grant) {
      note('refused', claimed, { step, key });
      throw outOfBudget(grant, turn.answer);
    }
    note('effect', claimed, { step, key });
    const begin = performance.now();
    await sleep(Math.random() * WORK_MS);
    const isCut = performance.now() - begin > CUT_MS;
    await (isCut
      ? budgets.release(call, grant)
      : budgets.settle(call, entryOf(1 + Math.floor(Math.random() * callMicros))));
    note('paid', claimed, { step, key });
    if (isCut) throw new Error('the provider cut the call off');
    return { step };
  };
  const activate = async (turn: Turn): Promise<Activation> => {
    const claimed = engine.turnOf(turn);
    const { turns, steps } = turn.input as unknown as ChaosInput;
    const no = turnOfTask(claimed);
    mustBeAnswered(turn.answer, no);
    for (let at = 0; at < steps; at++) {
      const step = `${no}/${at}`;
      await turn
        .effect(step, 'keyed', (key) => work(turn, claimed, step, key))
        .catch((error: unknown) => {
          note('left', claimed, { step });
          throw error;
        });
    }
    await turn.tell(`turn/${no}`, 'chaos.turn', { task: turn.taskId, no });
    await turn.lastStep(`last/${no}`, async () => ({ in: claimed.no }));
    if (no === turns) return { kind: 'done', result: { turns } };
    const key = `${turn.runId}/${turn.taskId}/${no}`;
    const next = { turn: no + 1 };
    if (no % 2 === 0)
      return {
        kind: 'parked',
        wait: { kind: 'timer', key, expiresInMs: Math.random() * TIMER_MS, defaultAnswer: next },
      };
    const { tenantId, actor } = turn;
    const word = () => db.tx({ tenantId, actor }, (tx) => settle(tx, { tenantId, kind: 'event', key }, next));
    setTimeout(() => void word().catch(() => undefined), Math.random() * TIMER_MS);
    return { kind: 'parked', wait: { kind: 'event', key, expiresInMs: ANSWER_WITHIN_MS, defaultAnswer: next } };
  };
  return {
    name: 'wanderer',
    activate,
    giveUp: async (_turn, message) => ({ kind: 'failed', code: 'chaos', message }),
  };
}

/**
 * Which of its turns a task is in: a wait for money makes it no other. The last step of a turn may be in the journal
 * before that turn's end is.
 */
function turnOfTask({ no: claimed, journal }: ClaimedTurn): number {
  const before = (end: Json | undefined): boolean => end !== undefined && (end as { in: number }).in < claimed;
  let no = 1;
  while (before(journal.get(`last/${no}`))) no++;
  return no;
}

/** @throws Error when it is woken for another turn than the one that comes */
function mustBeAnswered(answer: Json | undefined, no: number): void {
  if (budgetAnswer(answer) !== undefined) return;
  const { turn = 1 } = (answer ?? {}) as { readonly turn?: number };
  if (turn !== no) throw new Error(`woken for turn ${turn} in place of ${no}`);
}

const entryOf = (costMicros: number): Entry => ({
  ...{ model: 'chaos', inputTokens: 1, cachedTokens: 0, outputTokens: 1 },
  ...{ costMicros, priceVersion: 'chaos' },
});

/** Makes `Date` jump: timers go on, as they do when somebody sets the clock. */
function jumpingClock(byMs: number): void {
  const Real = Date;
  let offset = 0;
  globalThis.Date = class extends Real {
    constructor(...given: unknown[]) {
      super(...((given.length > 0 ? given : [Real.now() + offset]) as [number]));
    }
    static override now = (): number => Real.now() + offset;
  } as DateConstructor;
  setInterval(() => (offset = byMs - offset), JUMP_EVERY_MS).unref();
}

/** Who raises a cap, and where. */
interface Raise {
  readonly tenantId: string;
  readonly workspaceId?: string;
  readonly request: RequestOf<typeof budgets.setBudget>;
}

export async function open({ logFile, clockJumpMs, callMicros, ...options }: Options) {
  if (clockJumpMs !== 0) jumpingClock(clockJumpMs);
  const note = notesIn(logFile);
  const { kit, db, roles, bells, engine, close } = await openEngineProcess(
    { ...options, relays: true },
    (...parts) => new NotedEngine(parts, note),
    (own, grounds) => {
      const purse = { budgets: new Budgets(grounds.roles, grounds.db), callMicros };
      return [
        wanderer(own, grounds.db, purse, note),
        ...[new GraphAgent(), new HumanAgent(), new TimerAgent(), new ComposeAgent()],
      ];
    },
  );
  const waits = async (): Promise<void> => {
    if ((await expireWaits(db)) > 0) bells.ready();
  };
  const control = new Control(db, kit.log, kit.metrics, [[{ name: 'waits', everyMs: 200, run: waits }]]);
  control.start();
  const money = new Budgets(roles, db);
  const sweep = async (): Promise<void> => {
    if ((await money.sweep()) > 0) bells.ready();
  };
  const sweeping = setInterval(() => void sweep().catch(() => undefined), SWEEP_MS);
  const caps = new PostgresBudgets(db);
  return {
    operations: {
      /** Creates what was not created yet. */
      create: async (runs: readonly NewRun[]): Promise<void> =>
        void (await Promise.all(runs.map((run) => engine.create(run)))),
      raise: async ({ request, ...who }: Raise): Promise<void> => {
        const ctx: RequestContext = { ...who, actor: 'service:runtime', scopes: new Set(), deadlineAt: Infinity };
        await caps.set(ctx, request);
      },
    },
    async close(): Promise<void> {
      clearInterval(sweeping);
      await control.stop();
      await close();
    },
  };
}
