/**
 * The engine as a pure function of what is asked of it: one method for each of its statements, over rows in memory.
 * Every state changes by an arrow of its table, or not at all. `engine-model.itest.ts` of the runtime holds the engine on
 * Postgres to it, row by row.
 */
import { settled } from '../budget.js';
import { arrowsOf, nextState, statesBefore, type Transitions } from '../machine.js';
import { machines, runTransitions, taskTransitions, turnTransitions } from '../run.states.js';
import type { BudgetRow, Ending, Hold, RunRow, TaskRow, TurnKey, TurnRow, WaitRow, WorkerRow } from './rows.js';
import { rules as engineRules, type Rules } from './rules.js';

export interface NewRun {
  readonly id: string;
  readonly session?: string | undefined;
  readonly parent?: string | undefined;
  readonly deadlineMs?: number | undefined;
}

type Machine = keyof typeof machines;

const tableOf = (machine: Machine): Transitions<string, string> => machines[machine];
const arrowOf = (machine: string, from: string, to: string): string => `${machine}: ${from} --> ${to}`;

/** Every arrow that the tables have. */
export const declaredArrows: readonly string[] = [
  ...new Set(
    (Object.keys(machines) as Machine[]).flatMap((machine) =>
      arrowsOf(tableOf(machine)).map(({ from, to }) => arrowOf(machine, from, to)),
    ),
  ),
].sort();

export const turnKey = ({ run, task, no }: TurnKey): string => `${run}/${task}/${no}`;
export const stepKey = ({ run, task }: Pick<TurnKey, 'run' | 'task'>, name: string): string => `${run}/${task} ${name}`;
const signalKey = ({ kind, key }: Pick<WaitRow, 'kind' | 'key'>): string => `${kind}/${key}`;

export class EngineModel {
  readonly runs = new Map<string, RunRow>();
  readonly tasks = new Map<string, TaskRow>();
  readonly turns = new Map<string, TurnRow>();
  readonly waits = new Map<string, WaitRow>();
  readonly workers = new Map<string, WorkerRow>();
  /** What was answered, whether or not anybody waited. */
  readonly signals = new Map<string, string>();
  /** By task and name, the messages that were heard at each. */
  readonly steps = new Map<string, readonly number[]>();
  /** Every arrow that was taken. */
  readonly arrows = new Set<string>();
  /** Ends of turns, and steps that were kept, in order. */
  readonly ends: string[] = [];
  readonly kept: string[] = [];
  readonly budget: BudgetRow;
  private beats = 0;

  constructor(
    private readonly leaseMs: number,
    limit: number,
    readonly rules: Rules = engineRules,
  ) {
    const nothing = { spent: 0, reserved: 0, excess: 0, told: [], endsAt: null };
    this.budget = { state: { limit, ...nothing }, calls: new Map() };
  }

  /** @returns false when the run that was to start it is over */
  create(run: NewRun, now: number): boolean {
    const { id, session = null, parent = null, deadlineMs } = run;
    if (parent !== null && !this.rules.mayStart(this.runs.get(parent)!)) return false;
    const dueAt = deadlineMs ? now + deadlineMs : null;
    this.runs.set(id, { id, state: 'queued', pausedFrom: null, openTasks: 0, session, parent, dueAt, messages: 0 });
    this.tasks.set(`${id}/root`, { run: id, id: 'root', state: 'open', remaining: 0, dependants: [] });
    this.begin({ run: id, task: 'root', no: 1 }, now);
    return true;
  }

  /** The turns that a worker may have. */
  claimable(worker: string, now: number): TurnRow[] {
    if (!this.rules.mayClaim(this.workers.get(worker), this.leaseMs, now)) return [];
    const turns = [...this.turns.values()];
    return turns.filter(
      ({ state, readyAt, session }) =>
        state === 'ready' &&
        readyAt <= now &&
        (session === null || this.rules.hasRoom(turns.filter((other) => other.session === session))),
    );
  }

  claim(turn: TurnRow, owner: string, now: number): Hold {
    this.move('turn', turn, 'claim');
    turn.owner = owner;
    turn.attempt++;
    turn.epoch = this.rules.epochAfter(turn.epoch, now * 1_000);
    const run = this.runOf(turn);
    if (run.state === 'queued') this.move('run', run, 'start');
    const { task, no, epoch, failures, lost } = turn;
    const journal = new Map([...this.steps].filter(([step]) => step.startsWith(stepKey(turn, ''))));
    return { run: run.id, task, no, owner, epoch, failures, lost, lastError: null, journal };
  }

  /** @returns whether the turn is to pause there; undefined when it is not held any more */
  step(hold: Hold, name: string, heard: readonly number[] = []): boolean | undefined {
    const turn = this.turnOf(hold);
    if (!this.rules.holds(turn, hold)) return undefined;
    const step = stepKey(hold, name);
    if (!this.rules.keepsOnce || !this.steps.has(step)) this.kept.push(step);
    if (!this.steps.has(step)) this.steps.set(step, heard);
    hold.journal.set(step, this.steps.get(step)!);
    return turn.control !== null;
  }

  /** @returns whether the turn is ended by it, now or before */
  finish(hold: Hold, ending: Ending, now: number): boolean {
    const turn = this.turnOf(hold);
    if (!this.rules.holds(turn, hold)) return this.rules.hasEnded(turn, hold);
    this.move('turn', turn, 'finish');
    this.ends.push(turnKey(turn));
    [turn.owner, turn.control] = [null, null];
    if (ending.kind === 'parked') this.park(turn, ending, now);
    else if (turn.task === 'root') this.endWith(turn, ending.kind, now);
    else this.endTask(turn, ending.kind, now);
    return true;
  }

  private park(turn: TurnRow, { wait, spawn = [] }: Extract<Ending, { kind: 'parked' }>, now: number): void {
    const { run: id, task, no } = turn;
    const [run, key] = [this.runOf(turn), turnKey(turn)];
    const { kind, key: of, expiresInMs } = wait;
    this.waits.set(key, {
      run: id,
      task,
      no,
      kind,
      key: of,
      state: 'open',
      expiresAt: now + expiresInMs,
      answer: null,
    });
    for (const { id: child, dependsOn } of spawn) {
      const dependants = spawn.filter((other) => other.dependsOn.includes(child)).map((other) => other.id);
      const remaining = dependsOn.length;
      const state = remaining === 0 ? 'open' : 'blocked';
      this.tasks.set(`${id}/${child}`, { run: id, id: child, state, remaining, dependants });
      if (remaining === 0) this.begin({ run: id, task: child, no: 1 }, now);
    }
    run.openTasks += spawn.length;
    if (task === 'root') this.go(run, 'park');
    const known = this.signals.get(signalKey(wait));
    if (known !== undefined) this.endWait(this.waits.get(key)!, 'answer', known, now);
  }

  /** The end of a task that is not the root: frees what depends on it; the last, or one that fails, wakes the root. */
  private endTask(turn: TurnRow, kind: 'done' | 'failed', now: number): void {
    const run = this.runOf(turn);
    const task = this.tasks.get(`${run.id}/${turn.task}`)!;
    this.move('task', task, kind === 'done' ? 'finish' : 'fail');
    for (const id of kind === 'done' ? task.dependants : []) {
      const freed = this.tasks.get(`${run.id}/${id}`)!;
      if (--freed.remaining > 0) continue;
      this.move('task', freed, 'unblock');
      this.begin({ run: run.id, task: id, no: 1 }, now);
    }
    run.openTasks--;
    const joint = this.waitsOf(run.id).find((wait) => wait.task === 'root' && wait.kind === 'tasks');
    if (joint && (run.openTasks === 0 || kind === 'failed')) this.endWait(joint, 'answer', kind, now);
  }

  /** The end of a root is its run's. */
  private endWith(turn: TurnRow, kind: 'done' | 'failed', now: number): void {
    const run = this.runOf(turn);
    this.move('task', this.tasks.get(`${run.id}/root`)!, kind === 'done' ? 'finish' : 'fail');
    this.move('run', run, kind === 'done' ? 'complete' : 'fail');
    [run.pausedFrom, run.dueAt] = [null, null];
    if (kind === 'done' && this.rules.resumesWhatIsLeft) this.resumeTurnsOf(run.id);
    if (kind === 'failed') {
      this.endTurnsOf(run.id);
      this.endChildren(run.id, 'cancel');
    }
    if (run.parent) this.settle({ kind: 'run', key: run.id }, run.state, now);
  }

  /** Gives a turn back that its worker does not go on with. @returns false when it is not held any more */
  giveBack(hold: Hold, failed: boolean): boolean {
    const turn = this.turnOf(hold);
    if (!this.rules.holds(turn, hold)) return false;
    if (failed) turn.failures++;
    this.back(turn);
    return true;
  }

  /** Frees what workers held, who are gone; `dead` counts it against the turns. */
  free(workers: readonly string[], dead: boolean): void {
    for (const turn of this.turns.values()) {
      if (!this.rules.frees || turn.state !== 'running' || !workers.includes(turn.owner!)) continue;
      if (dead) turn.lost++;
      this.back(turn);
    }
    for (const worker of workers) this.workers.delete(worker);
  }

  private back(turn: TurnRow): void {
    this.move('turn', turn, this.rules.givenBack(turn));
    [turn.owner, turn.control] = [null, null];
  }

  enlist(worker: string, server: number, now: number): void {
    this.workers.set(worker, { beatAt: now, beat: ++this.beats, server });
  }

  /** @returns the turns in the worker's name, or undefined when it was freed */
  beat(worker: string, now: number): TurnRow[] | undefined {
    const row = this.workers.get(worker);
    if (!row) return undefined;
    row.beat = ++this.beats;
    row.beatAt = now;
    return [...this.turns.values()].filter(({ owner }) => owner === worker);
  }

  /** Answers all who wait for it, now or later; the first answer counts. */
  settle(signal: Pick<WaitRow, 'kind' | 'key'>, answer: string, now: number): void {
    const key = signalKey(signal);
    if (this.rules.remembers && !this.signals.has(key)) this.signals.set(key, answer);
    for (const wait of this.waits.values())
      if (wait.state === 'open' && signalKey(wait) === key) this.endWait(wait, 'answer', answer, now);
  }

  /** Answers one wait. @returns false when something else came first */
  answer(key: string, answer: string, now: number): boolean {
    return this.endWait(this.waits.get(key)!, 'answer', answer, now);
  }

  expireWaits(now: number): void {
    for (const wait of this.waits.values())
      if (wait.state === 'open' && wait.expiresAt <= now) this.endWait(wait, 'expire', null, now);
  }

  private endWait(wait: WaitRow, event: 'answer' | 'expire', answer: string | null, now: number): boolean {
    if (!this.rules.isOpen(wait)) return false;
    this.move('wait', wait, event);
    wait.answer = answer;
    const run = this.runOf(wait);
    if (wait.task === 'root') this.go(run, 'wake');
    this.begin({ run: run.id, task: wait.task, no: wait.no + 1 }, now);
    return true;
  }

  /** @returns false when the run cannot be paused */
  pause(id: string): boolean {
    const run = this.runs.get(id)!;
    if (!statesBefore(runTransitions, 'pause').includes(run.state)) return false;
    for (const turn of this.turnsOf(id)) {
      if (turn.state === 'ready') this.move('turn', turn, 'pause');
      if (turn.state === 'running') turn.control = 'pause';
    }
    run.pausedFrom = run.state;
    this.move('run', run, 'pause');
    return true;
  }

  /** @returns false when the run is not paused */
  resume(id: string): boolean {
    const run = this.runs.get(id)!;
    if (run.state !== 'paused') return false;
    if (this.rules.resumes) this.resumeTurnsOf(id);
    this.move('run', run, 'resume', run.pausedFrom ?? 'running');
    run.pausedFrom = null;
    return true;
  }

  private resumeTurnsOf(id: string): void {
    for (const turn of this.turnsOf(id)) {
      if (turn.state === 'paused') this.move('turn', turn, 'resume');
      turn.control = null;
    }
  }

  /** Sends a run a message. @returns its number; undefined when the run is over */
  steer(id: string): number | undefined {
    const run = this.runs.get(id)!;
    return this.rules.mayHear(run) ? ++run.messages : undefined;
  }

  /** What a task has yet to hear. */
  messagesFor(hold: Hold): number[] {
    const before = this.rules.heardBefore(hold);
    return Array.from({ length: this.runOf(hold).messages - before }, (_, at) => before + at + 1);
  }

  /** Ends a run from outside, and every run it started. @returns false when it had ended already */
  end(id: string, how: 'cancel' | 'expire', now: number): boolean {
    if (!this.endTree(id, how)) return false;
    this.settle({ kind: 'run', key: id }, this.runs.get(id)!.state, now);
    return true;
  }

  private endTree(id: string, how: 'cancel' | 'expire'): boolean {
    if (this.rules.endsChildren) this.endChildren(id, how);
    const run = this.runs.get(id)!;
    if (!statesBefore(runTransitions, how).includes(run.state)) return false;
    this.endTurnsOf(id);
    this.move('run', run, how);
    run.dueAt = null;
    return true;
  }

  private endChildren(id: string, how: 'cancel' | 'expire'): void {
    for (const child of this.runs.values()) if (child.parent === id) this.endTree(child.id, how);
  }

  private endTurnsOf(id: string): void {
    if (!this.rules.endsAll) return;
    for (const turn of this.turnsOf(id)) {
      if (!statesBefore(turnTransitions, 'supersede').includes(turn.state)) continue;
      this.move('turn', turn, 'supersede');
      [turn.owner, turn.control] = [null, null];
    }
    for (const wait of this.waitsOf(id)) this.move('wait', wait, 'cancel');
    for (const task of this.tasks.values())
      if (task.run === id && statesBefore(taskTransitions, 'cancel').includes(task.state))
        this.move('task', task, 'cancel');
  }

  expireRuns(now: number): void {
    for (const { id, dueAt } of this.runs.values()) if (dueAt !== null && dueAt <= now) this.end(id, 'expire', now);
  }

  /** Holds the most a call can cost; a call that has a hold keeps it. @returns false when it does not fit */
  reserve(call: string, amount: number): boolean {
    const known = this.budget.calls.get(call);
    if (known && known.held > 0) return true;
    const state = this.rules.admits(this.budget.state, amount);
    if (!state) return false;
    this.budget.state = state;
    this.budget.calls.set(call, { held: amount, booked: known?.booked ?? false });
    return true;
  }

  /** Books what a call cost, once, in place of its hold; nothing is booked for a call that is given up. */
  book(call: string, cost: number | undefined): void {
    const row = this.budget.calls.get(call);
    if (!row) return;
    const spent = cost === undefined || (this.rules.booksOnce && row.booked) ? 0 : cost;
    this.budget.state = settled(this.budget.state, row.held, spent);
    row.held = 0;
    row.booked ||= cost !== undefined;
  }

  /** A turn that comes into being. */
  private begin(key: TurnKey, now: number): void {
    const run = this.runOf(key);
    const state = this.rules.begins(run.state === 'paused');
    const nothing = { epoch: 0, owner: null, control: null, attempt: 0, failures: 0, lost: 0 };
    this.turns.set(turnKey(key), { ...key, state, ...nothing, session: run.session, readyAt: now });
  }

  /** Where the root's run goes; a paused one goes there when it is resumed. */
  private go(run: RunRow, event: 'park' | 'wake'): void {
    if (run.state === 'paused') run.pausedFrom = event === 'park' ? 'parked' : 'running';
    else this.move('run', run, event);
  }

  private move<S extends string>(machine: Machine, row: { state: S }, event: string, remembered?: S): void {
    const from = row.state;
    row.state = nextState(tableOf(machine), from, event, remembered) as S;
    this.arrows.add(arrowOf(machine, from, row.state));
  }

  runOf = ({ run }: Pick<TurnKey, 'run'>): RunRow => this.runs.get(run)!;
  turnOf = (key: TurnKey): TurnRow => this.turns.get(turnKey(key))!;
  turnsOf = (id: string): TurnRow[] => [...this.turns.values()].filter(({ run }) => run === id);
  /** What a run waits for. */
  waitsOf = (id: string): WaitRow[] =>
    [...this.waits.values()].filter(({ run, state }) => run === id && state === 'open');
}
