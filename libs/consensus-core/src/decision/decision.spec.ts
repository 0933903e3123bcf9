import { beforeAll, describe, expect, it } from '@jest/globals';
import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import { ballotOf, commitmentOf, Log, reportOf, revealOf, signerOf, termsOf, type Signer } from '../test/panel.js';
import type { Terms } from '../terms.js';
import type { Admission } from './admission.js';
import {
  admitCancel,
  admitClose,
  admitCommitsClose,
  admitEvidence,
  admitOpening,
  admitSeal,
} from './admit-lifecycle.js';
import { admitBallot, admitCommit, admitReveal } from './admit-statement.js';
import { appendTo, applyEvent, foldDecision, IllegalTransitionError, type Decision } from './decision.js';
import { isFinal, phases, transitions } from './decision.states.js';
import type { DecisionEvent, NewEvent } from './events.js';

type Command = (decision: Decision) => Admission | Promise<Admission>;

let ann: Signer;
let bob: Signer;
beforeAll(async () => {
  [ann, bob] = await Promise.all([signerOf('ann'), signerOf('bob')]);
});

/** Everything anybody could try, honest or not, with signatures made beforehand. */
async function commands(terms: Terms): Promise<Command[]> {
  const ballots = await Promise.all([
    ballotOf(terms, ann, { vote: 'yes' }),
    ballotOf(terms, ann, { vote: 'no' }),
    ballotOf(terms, bob, { vote: 'no' }),
    ballotOf(terms, bob, { vote: 'abstain' }),
  ]);
  const commits = await Promise.all([
    commitmentOf(terms, ann, { vote: 'yes' }),
    commitmentOf(terms, bob, { vote: 'no' }),
  ]);
  const reveals = await Promise.all([
    revealOf(terms, ann, { vote: 'yes' }),
    revealOf(terms, ann, { vote: 'no' }),
    revealOf(terms, bob, { vote: 'no' }),
  ]);
  return [
    ...ballots.map(
      (command): Command =>
        (decision) =>
          admitBallot(decision, command),
    ),
    ...commits.map(
      (command): Command =>
        (decision) =>
          admitCommit(decision, command),
    ),
    ...reveals.map(
      (command): Command =>
        (decision) =>
          admitReveal(decision, command),
    ),
    (decision) => admitEvidence(decision, reportOf('tests', 'green')),
    (decision) => admitEvidence(decision, reportOf('tests', 'red')),
    (decision) => admitCommitsClose(decision, 'complete'),
    (decision) => admitCommitsClose(decision, 'deadline'),
    (decision) => admitClose(decision, 'complete'),
    (decision) => admitClose(decision, 'deadline'),
    admitSeal,
    (decision) => admitCancel(decision, 'withdrawn'),
  ];
}

const openingOf = (terms: Terms) => foldDecision(appendTo(0, admitOpening(terms).events, '2026-01-01T00:00:00Z'));

/** What a decision is, apart from how many events it took. */
const keyOf = ({ phase, statements, evidence }: Decision) =>
  jcs([
    phase,
    [...statements]
      .map(([voterId, said]) => [voterId, said.map(({ commit, ballot }) => [commit ?? null, ballot ?? null])])
      .sort(),
    [...evidence.values()].map(({ status }) => status),
  ]);

const follow = (decision: Decision, { events }: Admission) =>
  appendTo(decision.seq, events, '2026-01-01T00:00:00Z').reduce(applyEvent, decision);

interface Step {
  readonly from: Decision;
  readonly events: Admission['events'];
}

/** Every command tried in every decision that any sequence of commands leads to. */
async function explore(terms: Terms): Promise<{ decisions: Decision[]; steps: Step[] }> {
  const tried = await commands(terms);
  const opening = openingOf(terms);
  const seen = new Map([[keyOf(opening), opening]]);
  const steps: Step[] = [];
  for (const from of seen.values()) {
    for (const command of tried) {
      const admission = await command(from);
      steps.push({ from, events: admission.events });
      if (admission.events.length === 0) continue;
      const next = follow(from, admission);
      if (!seen.has(keyOf(next))) seen.set(keyOf(next), next);
    }
  }
  return { decisions: [...seen.values()], steps };
}

describe.each(['open', 'sealed'] as const)('every reachable decision of two voters and a gate (%s)', (secrecy) => {
  let decisions: Decision[];
  let steps: Step[];
  beforeAll(async () => {
    ({ decisions, steps } = await explore(termsOf([ann, bob], { secrecy, gates: ['tests'] })));
  });

  it('is explored in full', () => {
    const found = new Set(decisions.map(({ phase }) => phase));
    const never = [
      ...['propose', 'critique', 'revise', 'vetoed', 'tied'],
      ...(secrecy === 'open' ? ['commit', 'reveal'] : ['ballots']),
    ];
    expect([...found].toSorted()).toEqual(phases.filter((phase) => !never.includes(phase)).toSorted());
    expect(decisions.length).toBeGreaterThan(100);
  });

  it('admits only events that the table allows, and none when final', () => {
    for (const { from, events } of steps) {
      if (isFinal(from.phase)) expect(events).toEqual([]);
      for (const { type } of events) expect(transitions[from.phase]).toHaveProperty([type]);
    }
  });

  it('can still come to an end', () => {
    for (const decision of decisions) {
      const ends = [
        (d: Decision) => admitCommitsClose(d, 'deadline'),
        (d: Decision) => admitClose(d, 'deadline'),
        admitSeal,
      ].reduce((at, command) => follow(at, command(at)), decision);
      expect(isFinal(ends.phase)).toBe(true);
    }
  });

  it('is approved only without a red gate, with evidence, a yes and no counted no', () => {
    for (const { ended, evidence, statements } of decisions) {
      if (ended?.type !== 'decision.sealed' || ended.data.outcome.status !== 'approved') continue;
      expect(evidence.get('tests')?.status).toBe('green');
      expect(statements.get('ann')?.at(-1)?.ballot?.vote).toBe('yes');
      const bobs = statements.get('bob') ?? [];
      if (bobs.some(({ ballot }) => ballot?.vote === 'no')) expect(bobs.length).toBe(2);
    }
  });
});

describe('the log', () => {
  it('refuses to fold what no admission could have written', async () => {
    const log = new Log(termsOf([ann, bob]));
    await log.cast(ann, { vote: 'yes' });
    const [opened, cast] = log.events as [DecisionEvent, DecisionEvent];
    expect(() => foldDecision([])).toThrow(IllegalTransitionError);
    expect(() => foldDecision([cast])).toThrow(IllegalTransitionError);
    expect(() => foldDecision([opened, { ...cast, seq: 3 }])).toThrow(IllegalTransitionError);
    expect(() => foldDecision([opened, opened])).toThrow(IllegalTransitionError);
    const revealed: NewEvent = { type: 'commits.closed', data: { cause: 'complete' } };
    expect(() => foldDecision([opened, { ...revealed, seq: 2, at: cast.at }])).toThrow(IllegalTransitionError);
  });

  it('comes to the same tally in whatever order valid ballots and reports arrive', async () => {
    const cid = await signerOf('cid', { weight: 3 });
    const signers = [ann, bob, cid];
    const arrivals: ((log: Log) => unknown)[] = [
      (log) => log.cast(ann, { vote: 'yes' }),
      (log) => log.cast(bob, { vote: 'no' }),
      (log) => log.cast(cid, { vote: 'abstain' }),
      (log) => log.report('tests', 'green'),
      (log) => log.report('build', 'abstained'),
    ];
    const ends = new Set<string>();
    for (const order of permutations(arrivals)) {
      const log = new Log(termsOf(signers, { gates: ['tests', 'build'] }));
      for (const arrive of order) await arrive(log);
      log.finish();
      ends.add(digest(log.decision.ended?.data));
    }
    expect(ends.size).toBe(1);
  });

  it('comes to the same tally in whatever order voters commit and reveal', async () => {
    const cid = await signerOf('cid');
    const votes: [Signer, 'yes' | 'no'][] = [
      [ann, 'yes'],
      [bob, 'no'],
      [cid, 'yes'],
    ];
    const ends = new Set<string>();
    for (const committing of permutations(votes)) {
      for (const revealing of permutations(votes)) {
        const log = new Log(termsOf([ann, bob, cid], { secrecy: 'sealed', rule: { method: 'approval-gate' } }));
        for (const [signer, vote] of committing) await log.commit(signer, { vote });
        log.closeCommits();
        for (const [signer, vote] of revealing) await log.reveal(signer, { vote });
        log.finish();
        ends.add(digest(log.decision.ended?.data));
      }
    }
    expect(ends.size).toBe(1);
  });
});

function digest(value: unknown): string {
  return hex(sha256(utf8(jcs(value))));
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

describe('a rule with a quorum of everybody', () => {
  const rule = { method: 'approval-gate', variant: 'unanimous', quorum: { num: 1, den: 1 } } as const;
  const ended = (log: Log) => {
    log.finish('deadline');
    return log.decision.ended?.data;
  };
  const undecided = { phase: 'no-quorum', outcome: { status: 'undecided', winners: [] } };

  it('decides nothing while a voter is silent', async () => {
    const log = new Log(termsOf([ann, bob], { rule }));
    await log.cast(ann, { vote: 'yes' });
    expect(ended(log)).toMatchObject(undecided);
  });

  it('decides nothing while a voter is void', async () => {
    const log = new Log(termsOf([ann, bob], { rule }));
    await log.cast(ann, { vote: 'yes' });
    await log.cast(bob, { vote: 'no' });
    await log.cast(bob, { vote: 'yes' });
    expect(ended(log)).toMatchObject(undecided);
  });

  it('decides nothing while a commitment is not revealed: a hidden no is no yes', async () => {
    const log = new Log(termsOf([ann, bob], { rule, secrecy: 'sealed' }));
    await log.commit(ann, { vote: 'yes' });
    await log.commit(bob, { vote: 'no' });
    log.closeCommits();
    await log.reveal(ann, { vote: 'yes' });
    expect(ended(log)).toMatchObject(undecided);
  });

  it('counts an abstention as having spoken', async () => {
    const log = new Log(termsOf([ann, bob], { rule }));
    await log.cast(ann, { vote: 'yes' });
    await log.cast(bob, { vote: 'abstain' });
    expect(ended(log)).toMatchObject({ phase: 'sealed', outcome: { status: 'approved' } });
  });
});
