/** What must hold of every history, whatever was killed. Pure: its own test feeds it broken ones. */
import { checkClients } from './check-clients.js';
import { checkMoney } from './check-money.js';
import { claimKey, groupBy, stepKey, turnKey, type Say } from './history-keys.js';
import type { Disturbance, History, Line, WantedRun, WantedTask } from './history.js';

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** What went on, for whoever reads the report. */
export interface Tally {
  readonly runs: number;
  readonly turns: number;
  readonly steps: number;
  readonly effects: number;
  /** Effects begun beyond the first of each step, each within a kill, a freeze or an outage. */
  readonly repeated: number;
  /** Writes refused to workers that had lost their turn. */
  readonly fenced: number;
  readonly claims: number;
  /** Turns that were taken from workers thought dead. */
  readonly buried: number;
  /** Turns that ended in a wait for room in a budget. */
  readonly parked: number;
  /** Disturbances that came while runs were under way. */
  readonly met: number;
  /** Runs that clients of the edge asked for, the events that they heard, and the streams that they had to open. */
  readonly clientRuns: number;
  readonly heard: number;
  readonly streams: number;
}

export function checkHistory(history: History): { readonly violations: readonly Violation[]; readonly tally: Tally } {
  const violations: Violation[] = [];
  const say: Say = (rule, detail) => void violations.push({ rule, detail });
  checkRuns(history, say);
  checkTurns(history, say);
  checkJournal(history, say);
  checkCommits(history, say);
  const { effects, repeated } = checkEffects(history, say);
  checkSessions(history, say);
  checkMoney(history, say);
  checkClients(history, say);
  checkBurials(history, say);
  checkLeftovers(history, say);
  const count = (what: Line['what']): number => history.lines.filter((line) => line.what === what).length;
  const { runs, turns, steps, burials, parked } = history.stored;
  const sizes = {
    ...{ runs: runs.length, turns: turns.length, steps: steps.length },
    ...{ buried: burials.length, parked: parked.length },
  };
  const { clients } = history;
  const heard = clients.reduce((sum, story) => sum + story.heard.length, 0);
  const streams = clients.reduce((sum, story) => sum + story.streams, 0);
  const tally = { ...sizes, effects, repeated, clientRuns: clients.length, heard, streams };
  return { violations, tally: { ...tally, fenced: count('fenced'), claims: count('claimed'), met: met(history) } };
}

const met = ({ lines, disturbances }: History): number =>
  disturbances.filter(({ from }) => {
    const before = new Set(lines.filter(({ at }) => at < from).map(({ run }) => run));
    return lines.some(({ at, run }) => at > from && before.has(run));
  }).length;

/** Every run is there once, completed, and its story has no gap and each of its ends once, inside and outside. */
function checkRuns({ wanted, stored }: History, say: Say): void {
  const found = new Map(stored.runs.map((run) => [run.id, run]));
  for (const { id } of wanted) if (!found.has(id)) say('run lost', id);
  const asked = new Set(wanted.map(({ id }) => id));
  for (const run of stored.runs) {
    if (!asked.has(run.id)) say('run nobody asked for', run.id);
    if (run.state !== 'completed') say('run not completed', `${run.id} is ${run.state}`);
    if (run.firstSeq !== 1 || run.lastSeq !== run.events) say('gap in a story', `${run.id}: ${seqs(run)}`);
    if (run.nextSeq !== run.lastSeq + 1) say('next_seq is wrong', `${run.id}: ${run.nextSeq} after ${run.lastSeq}`);
    for (const one of ['created', 'started', 'ended', 'outboundCreated', 'outboundEnded'] as const)
      if (run[one] !== 1) say('transition not told once', `${run.id}: ${one} ${run[one]} times`);
  }
}

const seqs = (run: { firstSeq: number; lastSeq: number; events: number }): string =>
  `${run.events} events from ${run.firstSeq} to ${run.lastSeq}`;

/** Every task is done in just the turns it was to take and those in which it waited for money, each of them done. */
function checkTurns({ wanted, stored }: History, say: Say): void {
  const turns = groupBy(stored.turns, taskKey);
  const parked = groupBy(stored.parked, taskKey);
  const told = groupBy(stored.told, taskKey);
  const states = new Map(stored.tasks.map(({ run, id, state }) => [`${run}/${id}`, state]));
  for (const [key, task] of tasksOf(wanted)) {
    if (states.get(key) !== 'done') say('task not done', `${key} is ${states.get(key) ?? 'missing'}`);
    const has = (turns.get(key) ?? []).sort((a, b) => a.no - b.no);
    const expected = task.turns + (parked.get(key) ?? []).length;
    if (has.map(({ no }) => no).join() !== numbers(expected).join())
      say('turns are not 1 to n', `${key}: ${has.map(({ no }) => no).join()} of ${expected}`);
    for (const { no, state } of has) if (state !== 'done') say('turn not done', `${key}/${no} is ${state}`);
    const times = new Map((told.get(key) ?? []).map((one) => [one.turn, one.times]));
    for (const turn of tells(task) ? numbers(task.turns) : [])
      if (times.get(turn) !== 1) say('turn not told once', `${key}/${turn}: ${times.get(turn) ?? 0} times`);
  }
}

/** A task that only spawns others has no steps and tells nothing. */
const tells = ({ steps }: WantedTask): boolean => steps > 0;

/** Every step is in the journal once, under the turn that did it, after those before it. */
function checkJournal({ wanted, lines, stored }: History, say: Say): void {
  const steps = groupBy(stored.steps, taskKey);
  const parked = groupBy(stored.parked, taskKey);
  for (const [key, task] of tasksOf(wanted)) {
    const names = stepsOf(task);
    const all = (steps.get(key) ?? []).sort((a, b) => a.pos - b.pos);
    const has = all.filter(({ name }) => /^\d+\/\d+$/.test(name));
    if (has.map(({ name }) => name).join() !== names.join())
      say('journal is not what was to be done, in order', `${key}: ${has.map(({ name }) => name).join()}`);
    const last = all.filter(({ name }) => name.startsWith('last/'));
    if (last.length !== (tells(task) ? task.turns : 0)) say('last step not in the journal', `${key}: ${last.length}`);
    const waits = (parked.get(key) ?? []).map(({ no }) => no);
    for (const { name, no } of [...has, ...last]) {
      const turn = Number(/\d+/.exec(name)![0]) + waits.filter((wait) => wait < no).length;
      if (no !== turn) say('step under another turn', `${key} ${name} in turn ${no}`);
    }
  }
  const journal = new Set(stored.steps.map((step) => `${step.run}/${step.task} ${step.name} at epoch ${step.epoch}`));
  for (const line of lines.filter(({ what }) => what === 'kept')) {
    const entry = `${stepKey(line)} at epoch ${line.epoch}`;
    if (!journal.has(entry)) say('kept, yet not in the journal', `${entry}, says ${line.process}`);
  }
  const places = new Set(stored.steps.map(({ pos }) => pos));
  if (places.size !== stored.steps.length) say('two steps at one place', `${stored.steps.length - places.size}`);
}

/** A turn's end is committed once, by its last owner, and to no owner anything is refused. */
function checkCommits({ lines, stored }: History, say: Say): void {
  const owners = new Map(stored.turns.map((turn) => [turnKey(turn), turn.epoch]));
  const ended = new Set<string>();
  for (const line of lines) {
    const key = turnKey(line);
    if (line.what === 'ended') {
      if (ended.has(key)) say('turn committed twice', `${key} by ${line.process} at epoch ${line.epoch}`);
      ended.add(key);
      if (owners.get(key) !== line.epoch) say('turn committed by somebody else', `${key} at epoch ${line.epoch}`);
    }
    if (line.what === 'fenced' && owners.get(key) === line.epoch)
      say('write refused to the owner', `${key} by ${line.process} at epoch ${line.epoch}`);
  }
  const epochs = new Set<string>();
  for (const line of lines.filter(({ what }) => what === 'claimed')) {
    const claim = `${turnKey(line)} at epoch ${line.epoch}`;
    if (epochs.has(claim)) say('epoch given twice', claim);
    epochs.add(claim);
  }
}

/** A step is done again only when a kill, a freeze or an outage met it on its way, and then under the same key. */
function checkEffects({ wanted, lines, disturbances, stored }: History, say: Say) {
  const claims = new Map(lines.filter(({ what }) => what === 'claimed').map((line) => [claimKey(line), line.at]));
  const begun = groupBy(
    lines.filter(({ what }) => what === 'effect'),
    stepKey,
  );
  const ends = groupBy(
    lines.filter(({ what }) => what === 'kept' || what === 'left'),
    (line) => `${claimKey(line)} ${stepKey(line)}`,
  );
  const kept = new Map(stored.steps.map(({ run, task, name, epoch }) => [`${run}/${task} ${name}`, epoch]));
  const keys = new Set<string>();
  let effects = 0;
  let repeated = 0;
  for (const [key, task] of tasksOf(wanted)) {
    for (const name of stepsOf(task)) {
      const step = `${key} ${name}`;
      const done = begun.get(step) ?? [];
      if (done.length === 0) say('step never done', step);
      effects += done.length;
      repeated += Math.max(0, done.length - 1);
      const own = new Set(done.map((line) => line.key ?? ''));
      if (own.size > 1) say('effect done again under another key', step);
      for (const one of own) {
        if (keys.has(one)) say('two effects under one key', step);
        keys.add(one);
      }
      const counted = done.findIndex(({ epoch }) => epoch === kept.get(step));
      if (done.length > 0 && counted < 0) say('journal holds what nobody did', step);
      done.forEach((line, at) => {
        if (at === counted) return;
        const [end] = ends.get(`${claimKey(line)} ${stepKey(line)}`) ?? [];
        const from = claims.get(claimKey(line)) ?? line.at;
        if (!disturbances.some((d) => excuses(d, line, from, end?.at ?? Infinity)))
          say('step done again although nothing befell it', `${step} by ${line.process}`);
      });
    }
  }
  return { effects, repeated };
}

function excuses({ kind, process, from, to }: Disturbance, line: Line, begin: number, end: number): boolean {
  if (kind !== 'kill' && kind !== 'freeze' && kind !== 'postgres') return false;
  const meets = from <= end && to >= begin;
  return meets && (kind === 'postgres' || process === line.process);
}

/** No two turns of a session are under way at once: of those that were committed, the times at which they did effects. */
function checkSessions({ wanted, lines, stored }: History, say: Say): void {
  const sessions = new Map(wanted.map((run) => [run.id, run.session && `${run.tenant}/${run.session}`]));
  const owners = new Map(stored.turns.map((turn) => [turnKey(turn), turn.epoch]));
  const spans = new Map<string, { session: string; turn: string; from: number; to: number }>();
  for (const line of lines) {
    const [session, turn] = [sessions.get(line.run), turnKey(line)];
    if (!session || line.what !== 'effect' || owners.get(turn) !== line.epoch) continue;
    const { from = line.at, to = line.at } = spans.get(turn) ?? {};
    spans.set(turn, { session, turn, from: Math.min(from, line.at), to: Math.max(to, line.at) });
  }
  for (const [session, all] of groupBy([...spans.values()], (span) => span.session)) {
    all.sort((a, b) => a.from - b.from);
    for (let at = 1; at < all.length; at++)
      if (all[at]!.from < all[at - 1]!.to)
        say('two turns of a session at once', `${session}: ${all[at - 1]!.turn} and ${all[at]!.turn}`);
  }
}

/** A thawed worker may have no time for a beat before it is buried for the last that it missed. */
const THAW_MS = 1_000;

/** Who is taken for dead was killed or frozen: a worker that an outage kept from its lock or its beats lives. */
function checkBurials({ lines, disturbances, stored }: History, say: Say): void {
  const claimKeyOf = (line: Pick<Line, 'run' | 'task' | 'no' | 'epoch'>): string => `${turnKey(line)} ${line.epoch}`;
  const owners = new Map(
    lines.filter(({ what }) => what === 'claimed').map((line) => [claimKeyOf(line), line.process]),
  );
  for (const burial of stored.burials) {
    // Who was killed before it could write down what it was given is nobody known.
    const owner = owners.get(claimKeyOf(burial));
    const fell = ({ kind, process, from, to }: Disturbance): boolean =>
      process === owner && from <= burial.at && (kind === 'kill' || burial.at <= to + THAW_MS);
    if (owner !== undefined && !disturbances.some(fell))
      say('living worker taken for dead', `${owner} lost ${claimKeyOf(burial)}`);
  }
}

function checkLeftovers({ stored }: History, say: Say): void {
  const { openWaits, workersLeft, unplaced, placeGaps } = stored;
  if (openWaits > 0) say('waits left open', `${openWaits}`);
  if (workersLeft > 0) say('workers left enlisted', `${workersLeft}`);
  if (unplaced > 0) say('events without a place in the log', `${unplaced}`);
  if (placeGaps > 0) say('gaps in the log', `${placeGaps}`);
}

function* tasksOf(wanted: readonly WantedRun[]): Generator<readonly [string, WantedTask]> {
  for (const { id, tasks } of wanted) for (const task of tasks) yield [`${id}/${task.id}`, task];
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const stepsOf = ({ turns, steps }: WantedTask): string[] =>
  numbers(turns).flatMap((no) => numbers(steps).map((step) => `${no}/${step - 1}`));

const taskKey = ({ run, task }: { readonly run: string; readonly task: string }): string => `${run}/${task}`;
