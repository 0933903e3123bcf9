/**
 * The rules that the engine's statements follow (`services/agent-runtime/src/engine/postgres-*.ts`), one function each:
 * what a simulation may break to see whether it notices.
 */
import { held } from '../budget.js';
import { hopelessness } from '../hopelessness.js';
import { isTerminal } from '../machine.js';
import { runTransitions } from '../run.states.js';
import { Watch, mayHaveLost } from '../watch.js';
import type { Hold, RunRow, TurnRow, WaitRow, WorkerRow } from './rows.js';

export const rules = {
  /** A write counts while its turn is held: by that worker, at that epoch. */
  holds: (turn: TurnRow, by: Hold): boolean => turn.epoch === by.epoch && turn.owner === by.owner,
  /** An end whose answer was lost is there already: nobody else has had that epoch. */
  hasEnded: (turn: TurnRow, by: Hold): boolean => turn.epoch === by.epoch && turn.state === 'done',
  /** Epochs rise by the clock, so that not even a claim that was forgotten shares one; and by one when it stands or goes back. */
  epochAfter: (epoch: number, nowMicros: number): number => Math.max(epoch + 1, nowMicros),
  /** One turn of a session at a time. */
  hasRoom: (session: readonly TurnRow[]): boolean => session.every(({ state }) => state !== 'running'),
  /** Who was frozen for long is given nothing: it may be buried next. */
  mayClaim: (worker: WorkerRow | undefined, leaseMs: number, now: number): boolean =>
    worker !== undefined && worker.beatAt > now - leaseMs / 2,
  /** The first of answer, expiry and cancel ends a wait. */
  isOpen: (wait: WaitRow): boolean => wait.state === 'open',
  /** What was said before anybody waited for it is remembered. */
  remembers: true,
  /** Turns that come into a paused run are paused. */
  begins: (isPaused: boolean): 'paused' | 'ready' => (isPaused ? 'paused' : 'ready'),
  /** What a turn that is given back does: a pause that was asked for happens then. */
  givenBack: ({ control }: TurnRow): 'pause' | 'return' => (control === 'pause' ? 'pause' : 'return'),
  /** Whoever resumes, resumes what is paused. */
  resumes: true,
  /** What is left of a run that was paused and is done goes on: nobody can resume it. */
  resumesWhatIsLeft: true,
  /** With a run ends all that is left of it. */
  endsAll: true,
  /** With a run end the runs that it started. */
  endsChildren: true,
  /** A run starts others while it goes on. */
  mayStart: ({ state }: RunRow): boolean => !isTerminal(runTransitions, state),
  /** A dead worker's turns are given back. */
  frees: true,
  /** A beat gives back what the worker does not know it has. */
  disowns: true,
  /** A step is kept once. */
  keepsOnce: true,
  /** A message is taken while its run goes on. */
  mayHear: ({ state }: RunRow): boolean => !isTerminal(runTransitions, state),
  /** A task hears what comes after all that its journal has heard. */
  heardBefore: ({ journal }: Hold): number => Math.max(0, ...[...journal.values()].flat()),
  /** A call is booked once. */
  booksOnce: true,
  hopelessness,
  mayHaveLost,
  admits: held,
  watch: (leaseMs: number, now: number): Pick<Watch, 'deadOf' | 'forget'> => new Watch(leaseMs, now),
};

export type Rules = typeof rules;
