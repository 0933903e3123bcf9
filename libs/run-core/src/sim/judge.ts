/** What must hold of every history: told what happens, it looks at the rows after each thing. */
import { isTerminal } from '../machine.js';
import { runTransitions, turnTransitions } from '../run.states.js';
import { turnKey, type EngineModel } from './engine-model.js';
import type { Hold } from './rows.js';

/** How a run ends that leaves nothing of it to do. */
const CUT_SHORT: readonly string[] = ['failed', 'canceled', 'expired'];

/** The first rule that is broken ends a history. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

const say = (rule: string, detail: string): never => {
  throw new Violation(`${rule}: ${detail}`);
};

export class Judge {
  /** All that happened, in words. */
  readonly story: string[] = [];
  /** The last claim of each turn. */
  private readonly claims = new Map<string, Hold>();
  private readonly epochs = new Set<string>();
  /** Turns that were taken from the dead, with the epochs they had. */
  private readonly taken = new Set<string>();
  private readonly answers = new Set<string>();
  private readonly over = new Map<string, { readonly state: string; readonly messages: number }>();
  private readonly said = new Set<string>();
  private readonly costs = new Map<string, number>();

  constructor(private readonly model: EngineModel) {}

  /** Lets something happen, and looks at what is there then. @throws Violation */
  watch(name: string, work: () => void): void {
    this.story.push(name);
    try {
      work();
    } catch (error) {
      if (error instanceof Violation) throw error;
      say('illegal transition', (error as Error).message);
    }
    this.check();
  }

  claimed(hold: Hold): void {
    const key = turnKey(hold);
    const run = this.model.runOf(hold);
    if (['paused', 'canceled', 'expired'].includes(run.state))
      say('turn begun in a run that stands', `${key}: ${run.state}`);
    if (!this.model.workers.has(hold.owner)) say('turn given to nobody', key);
    const last = this.claims.get(key);
    if (last && last.epoch >= hold.epoch) say('epoch does not rise', `${key} ${last.epoch} ${hold.epoch}`);
    if (this.epochs.has(`${key} ${hold.epoch}`)) say('epoch given twice', key);
    this.epochs.add(`${key} ${hold.epoch}`);
    this.claims.set(key, hold);
  }

  /** A crash has undone the claim: nobody knows of it but who was given the turn. */
  undone(hold: Hold): void {
    this.claims.delete(turnKey(hold));
  }

  wrote(hold: Hold, isAccepted: boolean): void {
    const key = turnKey(hold);
    if (isAccepted && this.claims.get(key)?.epoch !== hold.epoch) say('write of an old epoch accepted', key);
  }

  /** @param isFound whether an end that is sent again is known */
  foundAgain(hold: Hold, isFound: boolean): void {
    if (!isFound) say('write refused to the owner', turnKey(hold));
  }

  began(hold: Hold): void {
    const key = `${turnKey(hold)} ${hold.epoch}`;
    if (this.taken.has(key)) say('step begun under a turn that was lost', key);
  }

  /** @param lives whether it has beaten within its lease */
  buried(worker: string, lives: boolean): void {
    if (lives) say('living worker taken for dead', worker);
    for (const turn of this.model.turns.values())
      if (turn.owner === worker) this.taken.add(`${turnKey(turn)} ${turn.epoch}`);
  }

  /** Somebody told of it, to whomever waits for it. */
  told(key: string): void {
    this.said.add(key);
  }

  answered(wait: string, isFirst: boolean): void {
    if (isFirst && this.answers.has(wait)) say('wait answered twice', wait);
    if (isFirst) this.answers.add(wait);
  }

  /** The first cost of a call is what it costs. */
  spent(call: string, cost: number): void {
    if (!this.costs.has(call)) this.costs.set(call, cost);
  }

  /** What must hold when nothing is left to happen. */
  last(isOver: boolean): void {
    if (!isOver) say('never ends', this.unended().join(' '));
    const done = [...this.model.turns.values()].filter(({ state }) => state === 'done').map(turnKey);
    if (done.sort().join() !== [...this.model.ends].sort().join()) say('turns committed not once each', done.join());
    for (const call of this.model.budget.calls.keys()) this.model.book(call, undefined);
    const { spent, reserved } = this.model.budget.state;
    if (reserved !== 0) say('held for good', `${reserved}`);
    const booked = [...this.model.budget.calls].filter(([, call]) => call.booked);
    const costs = booked.reduce((sum, [call]) => sum + this.costs.get(call)!, 0);
    if (spent !== costs) say('calls booked not once each', `${spent} for ${costs}`);
  }

  private unended(): string[] {
    const { runs, turns } = this.model;
    return [
      ...[...runs].flatMap(([id, { state }]) => (isTerminal(runTransitions, state) ? [] : [`${id} is ${state}`])),
      ...[...turns].flatMap(([id, { state }]) => (isTerminal(turnTransitions, state) ? [] : [`${id} is ${state}`])),
    ];
  }

  private check(): void {
    const { turns, runs, waits, steps, kept, budget, ends } = this.model;
    const sessions = new Set<string>();
    for (const { state, session } of turns.values()) {
      if (state !== 'running' || session === null) continue;
      if (sessions.has(session)) say('two turns of a session at once', session);
      sessions.add(session);
    }
    for (const { id, state, messages, parent } of runs.values()) {
      const above = parent === null ? undefined : runs.get(parent)!.state;
      if (above && CUT_SHORT.includes(above) && !isTerminal(runTransitions, state))
        say('child outlives its parent’s end', id);
      const was = this.over.get(id);
      if (was && was.state !== state) say('left its end', `${id}: ${was.state} to ${state}`);
      if (was && was.messages !== messages) say('spoken to after its end', id);
      if (isTerminal(runTransitions, state)) this.over.set(id, { state, messages });
      if (state === 'canceled' || state === 'expired') this.nothingLeft(id);
    }
    for (const { kind, key, state } of waits.values())
      if (state === 'open' && this.isTold(kind, key)) say('answer lost', key);
    if (new Set(ends).size !== ends.length) say('turn committed twice', ends.at(-1)!);
    if (steps.size !== kept.length) say('step kept twice', kept.at(-1)!);
    this.heardInOrder();
    const { spent, reserved, limit } = budget.state;
    if (spent + reserved > limit) say('overspent', `${spent} and ${reserved} of ${limit}`);
  }

  /** Every task hears the messages of its run from the first on, each once. */
  private heardInOrder(): void {
    const last = new Map<string, number>();
    for (const [step, heard] of this.model.steps) {
      const [task] = step.split(' ') as [string];
      for (const no of heard) {
        const before = last.get(task) ?? 0;
        if (no !== before + 1) say('message not heard once, in order', `${step} heard ${no} after ${before}`);
        last.set(task, no);
      }
    }
  }

  private isTold(kind: string, key: string): boolean {
    if (kind === 'event') return this.said.has(key);
    return kind === 'run' && isTerminal(runTransitions, this.model.runs.get(key)!.state);
  }

  private nothingLeft(id: string): void {
    const live = this.model.turnsOf(id).filter(({ state }) => !isTerminal(turnTransitions, state));
    if (live.length + this.model.waitsOf(id).length > 0) say('ended, and something of it goes on', id);
  }
}
