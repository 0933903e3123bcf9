/**
 * Workers, people and clocks around the engine's model, and all that may befall them at any point: workers die, freeze
 * and come back, answers are lost, Postgres crashes, its clock jumps, people answer, pause, resume and cancel. A schedule
 * is a list of numbers, each of which chooses one of what could happen next; the same list is the same history.
 */
import { isTerminal } from '../machine.js';
import { runTransitions, turnTransitions } from '../run.states.js';
import type { Sighting } from '../watch.js';
import { planOf, type Plan } from './agent.js';
import { EngineModel, stepKey, turnKey } from './engine-model.js';
import { Judge } from './judge.js';
import type { Ending, Hold, TurnRow } from './rows.js';
import type { Rules } from './rules.js';

export const LEASE_MS = 15_000;
const JUMP_MS = 600_000;
const LIMIT = 50;
/** How often a worker that is awake beats and looks around, while time passes. */
const BEAT_MS = 5_000;
const MOST_RUNS = 5;
const MOST_WORKERS = 3;
/** Rounds within which all comes to its end when nothing befalls anybody any more. */
const CALM_ROUNDS = 300;

/** A turn in a worker's hands. */
interface Job {
  readonly hold: Hold;
  readonly plan: Plan;
  /** The step that is under way, and what was said to it. */
  step?: (Plan['steps'][number] & { readonly heard: readonly number[] }) | undefined;
  /** Whether a write of it is on its way: it arrives, whatever becomes of its worker. */
  isSent?: boolean;
}

interface Process {
  readonly id: string;
  readonly jobs: Map<string, Job>;
  readonly watch: ReturnType<Rules['watch']>;
  /** When its last beat that was answered began, by its own clock. */
  beatAt: number;
  isFrozen: boolean;
  /** Whether it has its lock. */
  hasLock: boolean;
  /** Whether it has yet to notice an outage. */
  isUnaware: boolean;
}

type Move = readonly [name: string, work: () => void];

export class Simulation {
  readonly model: EngineModel;
  readonly judge: Judge;
  private readonly processes = new Map<string, Process>();
  /** Of all processes: a clock that nobody sets. */
  private now = 0;
  /** By how much the clock of Postgres is ahead of it. */
  private ahead = 0;
  private server = 1;
  /** Since when Postgres has answered. */
  private upSince = 0;
  private readonly late: (() => void)[] = [];
  private hired = 0;
  /** Undoes the last claim while nothing is written after it: it does not wait for the disk. */
  private undo: (() => void) | undefined;

  constructor(
    private readonly rules: Rules,
    private readonly seed: number,
  ) {
    this.model = new EngineModel(LEASE_MS, LIMIT, rules);
    this.judge = new Judge(this.model);
    this.hire();
    this.hire();
  }

  /** What `choice` makes happen: its last two digits choose of what kind, the others which of these. */
  happen(choice: number): void {
    const { undo } = this;
    this.undo = undefined;
    const [, movesOf] = this.kinds.find(([below]) => choice % 100 < below)!;
    const moves = movesOf();
    const [name, work] =
      moves[Math.floor(choice / 100) % moves.length] ??
      (this.processes.size === 0 ? ['hire', () => this.hire()] : this.passes(300));
    if (name === 'outage') undo?.();
    this.judge.watch(name, work);
  }

  /** From here on nothing befalls anybody: all that was begun comes to its end. */
  calm(): void {
    for (const arrive of this.late.splice(0)) this.judge.watch('arrive', arrive);
    for (let round = 0; round < CALM_ROUNDS && !this.isOver(); round++)
      this.judge.watch('calm', () => this.round(round));
    this.judge.last(this.isOver());
  }

  private isOver(): boolean {
    const { runs, turns } = this.model;
    return (
      [...runs.values()].every(({ state }) => isTerminal(runTransitions, state)) &&
      [...turns.values()].every(({ state }) => isTerminal(turnTransitions, state))
    );
  }

  private round(round: number): void {
    // First all that can be done while they are paused.
    if (round > 1) for (const { id, state } of this.model.runs.values()) if (state === 'paused') this.model.resume(id);
    if (this.processes.size === 0) this.hire();
    for (const process of this.processes.values()) {
      if (process.isFrozen) this.thaw(process);
      if (!process.hasLock) this.comeBack(process);
      this.beat(process);
      this.look(process);
      for (let turn; (turn = this.model.claimable(process.id, this.atPostgres())[0]);) this.claim(process, turn, true);
      while (process.jobs.size > 0 && this.processes.has(process.id))
        for (const job of process.jobs.values()) this.work(process, job);
    }
    this.control();
    // Beats are a second or two apart; once nothing is left but waiting, time is long.
    this.now += round % 8 === 7 ? JUMP_MS : 3_000;
  }

  /** Of a hundred moves so many are, together with those above them, of this kind. */
  private readonly kinds: readonly (readonly [below: number, moves: () => Move[]])[] = [
    [56, () => this.awake().flatMap((process) => this.progressOf(process))],
    [70, () => [300, 300, 2_000, 2_000, 2_000, 20_000, 60_000].map((ms) => this.passes(ms))],
    [82, () => this.movesOfPeople()],
    [94, () => this.awake().flatMap((process) => this.dutiesOf(process))],
    [100, () => this.faults()],
  ];

  private awake(): Process[] {
    return [...this.processes.values()].filter(({ isFrozen }) => !isFrozen);
  }

  private passes(ms: number): Move {
    return [`${ms} ms pass`, () => this.pass(ms)];
  }

  private faults(): Move[] {
    return [
      ...[...this.processes.values()].flatMap((process): Move[] => [
        ['kill', () => this.kill(process)],
        ...twice(
          process.isFrozen ? ['thaw', () => this.thaw(process)] : ['freeze', () => void (process.isFrozen = true)],
        ),
        ...[...process.jobs.values()].map((job): Move => ['throw', () => this.throwAway(process, job)]),
      ]),
      ...this.awake().map((process): Move => ['resign', () => this.resign(process)]),
      ['clock jumps', () => void (this.ahead = this.ahead === 0 ? JUMP_MS : this.ahead > 0 ? -JUMP_MS : 0)],
      ...[1_000, 20_000].map((ms): Move => ['outage', () => this.outage(ms)]),
    ];
  }

  /** Whoever is awake beats and looks around meanwhile. */
  private pass(ms: number): void {
    for (let left = ms; left > 0; left -= BEAT_MS) {
      this.now += Math.min(left, BEAT_MS);
      for (const process of this.awake()) this.beat(process);
      for (const process of this.awake()) this.look(process);
      this.control();
    }
  }

  /** What moves turns on. */
  private progressOf(process: Process): Move[] {
    const claims = this.model
      .claimable(process.id, this.atPostgres())
      .flatMap((turn): Move[] => [
        ...twice(['claim', () => this.claim(process, turn, true)]),
        ['claim, and never hear of it', () => this.claim(process, turn, false)],
      ]);
    const jobs = [...process.jobs.values()].flatMap((job): Move[] => {
      if (job.isSent) return [];
      const work: Move[] = twice(['work', () => this.work(process, job)]);
      return this.isToWrite(job) ? [...work, ['send', () => this.send(process, job)]] : work;
    });
    return [
      ...claims,
      ...jobs,
      ...this.late.map((arrive, at): Move => ['arrive', () => (this.late.splice(at, 1), arrive())]),
    ];
  }

  /** What a worker does besides. */
  private dutiesOf(process: Process): Move[] {
    return [
      ['beat', () => this.beat(process)],
      ['look', () => this.look(process)],
      ['control', () => this.control()],
      ...(process.hasLock ? [] : twice(['come back', () => this.comeBack(process)])),
      ...(this.processes.size < MOST_WORKERS ? twice(['hire', () => this.hire()]) : []),
    ];
  }

  private movesOfPeople(): Move[] {
    const { runs, waits } = this.model;
    const live = [...runs.values()].filter(({ state }) => !isTerminal(runTransitions, state));
    // These two also when it is too late, and another run is steered each time.
    const asked = [...waits].filter(([, { kind }]) => kind === 'human');
    const steered = [...runs.values()][this.judge.story.length % MOST_RUNS];
    return [
      ...(runs.size < MOST_RUNS ? twice(['create', () => this.create()]) : []),
      ...asked.map(([key]): Move => ['answer', () => this.answer(key)]),
      ...(steered ? [['steer', () => void this.model.steer(steered.id)] as const] : []),
      ...live.flatMap(({ id, state }): Move[] => [
        state === 'paused' ? ['resume', () => void this.model.resume(id)] : ['pause', () => void this.model.pause(id)],
        ['event', () => this.tell(id)],
      ]),
      ...live.slice(2).map(({ id }): Move => ['cancel', () => this.end(id)]),
    ];
  }

  private create(): void {
    const nth = this.model.runs.size;
    const choice = (this.seed >>> nth) % 4;
    this.model.create(
      { id: `run${nth}`, ...(choice < 2 && { session: 'one' }), ...(choice === 2 && { deadlineMs: 60_000 }) },
      this.atPostgres(),
    );
  }

  private answer(wait: string): void {
    this.judge.answered(wait, this.model.answer(wait, 'yes', this.atPostgres()));
  }

  private tell(key: string): void {
    this.judge.told(key);
    this.model.settle({ kind: 'event', key }, 'it happened', this.atPostgres());
  }

  private end(id: string): void {
    this.model.end(id, 'cancel', this.atPostgres());
  }

  private control(): void {
    this.model.expireWaits(this.atPostgres());
    this.model.expireRuns(this.atPostgres());
  }

  private hire(): void {
    const id = `worker${++this.hired}`;
    const watch = this.rules.watch(LEASE_MS, this.now);
    const state = { beatAt: this.now, isFrozen: false, hasLock: true, isUnaware: false };
    this.processes.set(id, { id, jobs: new Map(), watch, ...state });
    this.model.enlist(id, this.server, this.atPostgres());
  }

  private kill(process: Process): void {
    this.processes.delete(process.id);
  }

  private resign(process: Process): void {
    this.model.free([process.id], false);
    this.kill(process);
  }

  private thaw(process: Process): void {
    process.isFrozen = false;
    if (process.isUnaware) process.watch.forget(this.now);
    process.isUnaware = false;
  }

  /** Takes its lock again. */
  private comeBack(process: Process): void {
    process.hasLock = true;
    this.model.enlist(process.id, this.server, this.atPostgres());
  }

  private outage(ms: number): void {
    this.server++;
    this.now += ms;
    this.upSince = this.now;
    for (const process of this.processes.values()) {
      process.hasLock = false;
      process.isUnaware = process.isFrozen;
      if (!process.isFrozen) process.watch.forget(this.now);
    }
  }

  private claim(process: Process, turn: TurnRow, isHeard: boolean): void {
    const run = this.model.runOf(turn);
    const before = { turn: { ...turn }, state: run.state };
    const hold = this.model.claim(turn, process.id, this.atPostgres());
    // A crash that undoes it and a clock that was set back behind the last claim are one fault too many: the epoch could
    // be given again, and only the worker that is given its own turn twice would know.
    if (before.turn.epoch < this.atPostgres() * 1_000)
      this.undo = () => {
        Object.assign(turn, before.turn);
        run.state = before.state;
        this.judge.undone(hold);
      };
    this.judge.claimed(hold);
    if (isHeard) process.jobs.set(turnKey(turn), { hold, plan: planOf(this.seed, turn) });
  }

  private beat(process: Process): void {
    const held = this.model.beat(process.id, this.atPostgres());
    if (!held) this.comeBack(process);
    process.beatAt = this.now;
    const keys = new Set(held?.map(turnKey));
    for (const key of process.jobs.keys()) if (!keys.has(key)) process.jobs.delete(key);
    if (!this.rules.disowns) return;
    for (const turn of held ?? [])
      if (!process.jobs.has(turnKey(turn)))
        this.model.giveBack({ ...turn, owner: process.id, lastError: null, journal: new Map() }, false);
  }

  private look(process: Process): void {
    const { workers, turns } = this.model;
    const others = new Map<string, Sighting>();
    for (const { owner } of turns.values())
      if (owner !== null) others.set(owner, { id: owner, beat: null, free: true, current: false });
    for (const [id, { beat, server }] of workers) {
      const free = !this.processes.get(id)?.hasLock;
      others.set(id, { id, beat: `${beat}`, free, current: server === this.server });
    }
    others.delete(process.id);
    const dead = process.watch.deadOf([...others.values()], this.now).map(({ id }) => id);
    for (const id of dead) {
      const other = this.processes.get(id);
      const couldBeatAt = Math.max(other?.beatAt ?? -Infinity, this.upSince);
      this.judge.buried(id, other !== undefined && this.now - couldBeatAt < LEASE_MS);
    }
    this.model.free(dead, true);
  }

  /** The next thing that the agent of a turn does. */
  private work(process: Process, job: Job): void {
    const { hold, plan } = job;
    const call = `${turnKey(hold)}/`;
    if (this.rules.hopelessness(hold) !== undefined) return this.finish(process, job, { kind: 'failed' });
    if (plan.isPoison) return this.kill(process);
    if (job.step) {
      const { name, cost, heard } = job.step;
      this.judge.spent(call + name, cost);
      // The answer to each write may be lost; then it is sent again.
      for (let sent = 0; sent < 2; sent++) this.model.book(call + name, cost);
      this.model.step(hold, name, heard);
      const isToPause = this.model.step(hold, name, heard);
      this.judge.wrote(hold, isToPause !== undefined);
      job.step = undefined;
      if (isToPause) this.model.giveBack(hold, false);
      if (isToPause !== false) this.drop(process, job);
      return;
    }
    const next = plan.steps.find(({ name }) => !hold.journal.has(stepKey(hold, name)));
    if (!next) return this.finish(process, job, plan.ending);
    if (this.rules.mayHaveLost(process.beatAt, LEASE_MS, this.now)) return this.drop(process, job);
    if (!this.model.reserve(call + next.name, next.most))
      return this.finish(process, job, {
        kind: 'parked',
        wait: { kind: 'budget', key: turnKey(hold), expiresInMs: 300_000 },
      });
    this.judge.began(hold);
    job.step = { ...next, heard: this.model.messagesFor(hold) };
  }

  /** Whether what comes next is a write: the end of a step or of the turn. */
  private isToWrite({ hold, plan, step }: Job): boolean {
    const isAtEnd = plan.steps.every(({ name }) => hold.journal.has(stepKey(hold, name)));
    return !plan.isPoison && (step !== undefined || isAtEnd);
  }

  private send(process: Process, job: Job): void {
    job.isSent = true;
    this.late.push(() => {
      job.isSent = false;
      this.work(process, job);
    });
  }

  /** Lets go of a turn. */
  private drop(process: Process, job: Job): void {
    const key = turnKey(job.hold);
    if (process.jobs.get(key) === job) process.jobs.delete(key);
  }

  private finish(process: Process, job: Job, ending: Ending): void {
    this.drop(process, job);
    const { hold, plan } = job;
    const { child } = plan;
    if (ending.kind === 'parked' && child && !this.model.runs.has(child))
      this.model.create({ id: child, parent: hold.run }, this.atPostgres());
    const isHeld = this.model.finish(hold, ending, this.atPostgres());
    this.judge.wrote(hold, isHeld);
    if (isHeld) this.judge.foundAgain(hold, this.model.finish(hold, ending, this.atPostgres()));
  }

  /** An agent fails. */
  private throwAway(process: Process, job: Job): void {
    const { hold, step } = job;
    if (step) this.model.book(`${turnKey(hold)}/${step.name}`, undefined);
    this.model.giveBack(hold, true);
    this.drop(process, job);
  }

  private atPostgres(): number {
    return this.now + this.ahead;
  }
}

const twice = (move: Move): Move[] => [move, move];
