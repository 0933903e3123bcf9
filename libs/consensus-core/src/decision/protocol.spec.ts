import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { jcs } from '@conclave/audit-core';
import { agendaOf, optionsFor } from '../discussion.js';
import { disclosuresOf, predicateOf } from '../receipt/predicate-of.js';
import { falseDisclosures } from '../receipt/receipt-file.js';
import type { Predicate } from '../receipt/predicate.js';
import { checkBallots, recountAgrees } from '../receipt/recount.js';
import { seededOrder } from '../tie-break.js';
import { clone } from '../test/clone.js';
import { ballotOf, contributionOf, Log, signerOf, termsOf, vetoOf, type Signer } from '../test/panel.js';
import type { Terms } from '../terms.js';
import type { Admission } from './admission.js';
import { admitContribution, admitDiscussionClose, admitVeto } from './admit-discussion.js';
import { admitCancel, admitClose, admitOpening, admitSeal } from './admit-lifecycle.js';
import { admitBallot, ballotDigestOf } from './admit-statement.js';
import { tieSeed } from './conclusion.js';
import { appendTo, foldDecision, type Decision } from './decision.js';
import { decisionDiagram, isFinal, phases, transitions } from './decision.states.js';
import type { DecisionEvent } from './events.js';

let ann: Signer;
let bob: Signer;
let cid: Signer;
beforeAll(async () => {
  [ann, bob, cid] = await Promise.all([signerOf('ann', { roles: ['chair'] }), signerOf('bob'), signerOf('cid')]);
});

const A = { id: 'a', title: 'Option A' };
const B = { id: 'b', title: 'Option B' };
const C = { id: 'c', title: 'Option C' };
const elective = { options: [A], rule: { method: 'schulze' } } as const;
const rounds = { propose: true, critique: 1 };
const AT = '2026-01-01T00:00:00Z';

const refusal = ({ refusal: no }: Admission) => no && [no.code, no.reason];
const sealedBy = (log: Log) => {
  if (log.decision.ended?.type !== 'decision.sealed') throw new Error(`in ${log.decision.phase}`);
  return log.decision.ended.data;
};
const receipt = (log: Log) => predicateOf(log.events)!;
const faults = async (predicate: Predicate) =>
  (await checkBallots(predicate)).map(({ code, path }) => `${code} ${path}`);
const changed = (predicate: Predicate, change: (copy: ReturnType<typeof clone<Predicate>>) => unknown): Predicate => {
  const copy = clone(predicate);
  change(copy);
  return copy;
};

describe('the table', () => {
  it('is drawn in docs/state-machines.md; if not: node libs/run-core/bin/generate.mjs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/state-machines.md'), 'utf8');
    expect(page).toContain(decisionDiagram());
  });
});

/** Everything two voters, one of whom may veto, can do before and in a vote, tried in every decision it leads to. */
describe('every reachable decision with rounds and a veto', () => {
  const found: DecisionEvent[][] = [];
  const legal: [Decision, Admission][] = [];
  beforeAll(async () => {
    const terms = termsOf([ann, bob], { ...elective, rounds, veto: { roles: ['chair'] } });
    const said = await Promise.all([
      contributionOf(terms, ann, 'propose', { option: B, text: 'B is best' }),
      contributionOf(terms, bob, 'propose'),
      contributionOf(terms, bob, 'critique', { text: 'B is vague' }),
      contributionOf(terms, ann, 'revise', { option: { ...B, title: 'Option B, made clear' } }),
    ]);
    const vetoes = [await vetoOf(terms, ann), await vetoOf(terms, bob)];
    const commands: ((decision: Decision) => Admission | Promise<Admission>)[] = [
      ...said.map((command) => (decision: Decision) => admitContribution(decision, command)),
      ...vetoes.map((command) => (decision: Decision) => admitVeto(decision, command)),
      ...[ann, bob].map((voter) => async (decision: Decision) => {
        const says = { ranking: [['b'], ['a']] };
        return admitBallot(decision, await ballotOf(decision.terms, voter, says, ballotDigestOf(decision)));
      }),
      (decision) => admitDiscussionClose(decision, 'complete'),
      (decision) => admitDiscussionClose(decision, 'deadline'),
      (decision) => admitClose(decision, 'deadline'),
      admitSeal,
      (decision) => admitCancel(decision, 'withdrawn'),
    ];
    const keyOf = ({ phase, statements, discussion, veto }: Decision) =>
      jcs([
        ...[phase, [...statements.keys()].sort(), veto !== undefined],
        discussion.map(({ contribution }) => [contribution.voterId, contribution.phase]).sort(),
      ]);
    const first = appendTo(0, admitOpening(terms).events, AT);
    const seen = new Set([keyOf(foldDecision(first))]);
    found.push(first);
    for (const events of found) {
      const decision = foldDecision(events);
      for (const command of commands) {
        const admission = await command(decision);
        legal.push([decision, admission]);
        if (admission.events.length === 0) continue;
        const next = [...events, ...appendTo(decision.seq, admission.events, AT)];
        const key = keyOf(foldDecision(next));
        if (seen.has(key)) continue;
        seen.add(key);
        found.push(next);
      }
    }
  });

  it('is explored in full', () => {
    const known = new Set(found.map((events) => foldDecision(events).phase));
    expect([...known].toSorted()).toEqual(
      phases.filter((phase) => !['commit', 'reveal', 'tied', 'expired'].includes(phase)).toSorted(),
    );
  });

  it('admits only events that the table allows, and none when final', () => {
    for (const [{ phase }, { events }] of legal) {
      if (isFinal(phase)) expect(events).toEqual([]);
      for (const { type } of events) expect(transitions[phase]).toHaveProperty([type]);
    }
  });

  it('leaves a receipt that recounts and holds, with disclosures that open', async () => {
    const ended = found.filter((events) => predicateOf(events));
    expect(ended.length).toBeGreaterThan(20);
    for (const events of ended) {
      const predicate = predicateOf(events)!;
      expect(await faults(predicate)).toEqual([]);
      expect(recountAgrees(predicate)).toBe(true);
      expect(falseDisclosures(predicate, disclosuresOf(foldDecision(events)))).toEqual([]);
    }
  });
});

describe('a discussion', () => {
  const open = (overrides: Partial<Terms> = {}) =>
    new Log(termsOf([ann, bob, cid], { ...elective, rounds, ...overrides }));

  it('freezes the proposals as their authors last put them, and ballots are bound to that list', async () => {
    const log = open();
    await log.say(ann, 'propose', { option: B, text: 'B is best' });
    await log.say(bob, 'propose');
    expect(refusal(log.closeDiscussion())).toEqual(['consensus.decision.phase', 'incomplete']);
    await log.say(cid, 'propose', { option: C });
    log.closeDiscussion();
    for (const voter of [ann, bob, cid]) await log.say(voter, 'critique', voter === bob ? { text: 'B is vague' } : {});
    log.closeDiscussion();
    await log.say(ann, 'revise', { option: { ...B, title: 'Option B, made clear' } });
    await log.say(cid, 'revise');
    const early = await ballotOf(log.decision.terms, ann, { ranking: [['b']] }, ballotDigestOf(log.decision));
    expect(refusal(await admitBallot(log.decision, early))).toEqual(['consensus.decision.phase', 'revise']);
    log.closeDiscussion();
    expect(agendaOf([A], log.decision.discussion).map(({ title }) => title)).toEqual([
      ...['Option A', 'Option B, made clear', 'Option C'],
    ]);
    const unbound = await ballotOf(log.decision.terms, ann, { ranking: [['b']] });
    expect(refusal(await admitBallot(log.decision, unbound))).toEqual(['consensus.ballot.signature', 'signature']);
    for (const voter of [ann, bob, cid]) await log.cast(voter, { ranking: [['b'], ['c']] });
    log.finish();
    expect(sealedBy(log).outcome).toEqual({ status: 'decided', winners: ['b'], reason: 'most-preferred' });
    const predicate = receipt(log);
    expect(JSON.stringify(predicate)).not.toContain('vague');
    const retitled = changed(predicate, (copy) => (copy.discussion![0]!.contribution.option!.title = 'Another'));
    expect(await faults(retitled)).toContain('signature /discussion/0');
    const withheld = changed(predicate, (copy) => copy.discussion!.pop());
    expect(await faults(withheld)).toContain('seq-gap /window');
  });

  it('hears each voter once in each phase, about options that are its own', async () => {
    const log = open();
    await log.say(ann, 'propose', { option: B });
    expect(await log.say(ann, 'propose', { option: B })).toEqual({ events: [] });
    expect(refusal(await log.say(ann, 'propose', { option: C }))).toEqual([
      'consensus.contribution.conflict',
      'spoken',
    ]);
    expect(refusal(await log.say(bob, 'propose', { option: A }))).toEqual([
      ...['consensus.contribution.conflict', 'option-taken'],
    ]);
    expect(refusal(await log.say(bob, 'critique', { text: 'too soon' }))).toEqual([
      'consensus.decision.phase',
      'propose',
    ]);
    log.closeDiscussion('deadline');
    const named = await contributionOf(log.decision.terms, bob, 'critique');
    expect(
      refusal(await admitContribution(log.decision, { ...named, contribution: { ...named.contribution, option: A } })),
    ).toEqual(['consensus.contribution.malformed', 'shape']);
    log.closeDiscussion('deadline');
    expect(refusal(await log.say(bob, 'revise', { option: B }))).toEqual([
      ...['consensus.contribution.malformed', 'not-the-author'],
    ]);
    expect(await log.say(ann, 'propose', { option: B })).toEqual({ events: [] });
  });

  it('is refused where the words are not the signer’s', async () => {
    const log = open();
    const { decision } = log;
    const said = await contributionOf(decision.terms, ann, 'propose', { option: B, text: 'B is best' });
    const forged = { ...said, text: 'B is worst' };
    expect(refusal(await admitContribution(decision, forged))).toEqual(['consensus.ballot.signature', 'signature']);
    const unsalted = { contribution: said.contribution, text: said.text, signature: said.signature };
    expect(refusal(await admitContribution(decision, unsalted))).toEqual(['consensus.contribution.malformed', 'shape']);
    const stranger = await contributionOf(decision.terms, await signerOf('dan'), 'propose', { option: B });
    expect(refusal(await admitContribution(decision, stranger))).toEqual([
      'consensus.ballot.not-a-voter',
      'not-a-voter',
    ]);
    expect(
      refusal(await admitContribution(decision, { ...said, contribution: { ...said.contribution, decisionId: 'x' } })),
    ).toEqual(['consensus.contribution.malformed', 'foreign-decision']);
  });

  it('shows every voter the options in an order of its own, which anybody computes again', () => {
    const options = Array.from({ length: 8 }, (_, n) => ({ id: `o${n}`, title: `Option ${n}` }));
    const orders = ['ann', 'bob', 'cid'].map((voter) => optionsFor('dec_1', voter, options).map(({ id }) => id));
    expect(new Set(orders.map(String)).size).toBe(3);
    for (const order of orders) expect(order.toSorted()).toEqual(options.map(({ id }) => id));
    expect(optionsFor('dec_1', 'ann', options.toReversed()).map(({ id }) => id)).toEqual(orders[0]);
  });
});

describe('a veto', () => {
  const terms = () => termsOf([ann, bob, cid], { veto: { roles: ['chair'] }, secrecy: 'sealed' });

  it('ends the decision at once, by the role that may, and says so in the receipt', async () => {
    const log = new Log(terms());
    await log.commit(bob, { vote: 'yes' });
    expect(refusal(await log.veto(bob))).toEqual(['consensus.veto.role', 'no-veto-role']);
    await log.veto(ann, 'the key leaks');
    log.take(admitSeal(log.decision));
    expect(sealedBy(log)).toMatchObject({ phase: 'vetoed', outcome: { status: 'rejected', reason: 'vetoed' } });
    expect(await log.veto(ann, 'the key leaks')).toEqual({ events: [] });
    expect(refusal(await log.veto(ann, 'again'))).toEqual(['consensus.ballot.late', 'closed']);
    const predicate = receipt(log);
    expect(predicate.ballots).toMatchObject([{ voterId: 'bob', status: 'unrevealed' }]);
    expect(await faults(predicate)).toEqual([]);
    expect(await faults(changed(predicate, (copy) => (copy.vetoed!.veto.reason = 'other')))).toEqual([
      'signature /vetoed',
    ]);
    expect(await faults(changed(predicate, (copy) => (copy.vetoed!.veto.voterId = 'bob')))).toEqual(['veto /vetoed']);
    expect(recountAgrees(changed(predicate, (copy) => delete copy.vetoed))).toBe(false);
  });

  it('says why, and is its voter’s own', async () => {
    const { decision } = new Log(terms());
    const veto = await vetoOf(decision.terms, ann);
    const said = (change: object) => admitVeto(decision, { ...veto, veto: { ...veto.veto, ...change } });
    expect(refusal(await said({ reason: ' ' }))).toEqual(['consensus.veto.malformed', 'shape']);
    expect(refusal(await said({ decisionId: 'x' }))).toEqual(['consensus.veto.malformed', 'foreign-decision']);
    expect(refusal(await said({ voterId: 'dan' }))).toEqual(['consensus.ballot.not-a-voter', 'not-a-voter']);
    expect(refusal(await said({ reason: 'other' }))).toEqual(['consensus.ballot.signature', 'signature']);
  });
});

describe('a tie', () => {
  const tied = async (overrides: Partial<Terms>) => {
    const log = new Log(termsOf([ann, bob], { options: [A, B, C], rule: { method: 'schulze' }, ...overrides }));
    if (log.decision.terms.secrecy === 'sealed') {
      await log.commit(ann, { ranking: [['a'], ['b']] });
      await log.commit(bob, { ranking: [['b'], ['a']] });
      log.closeCommits();
      await log.reveal(ann, { ranking: [['a'], ['b']] });
      await log.reveal(bob, { ranking: [['b'], ['a']] });
    } else {
      await log.cast(ann, { ranking: [['a'], ['b']] });
      await log.cast(bob, { ranking: [['b'], ['a']] });
    }
    log.finish();
    expect(await faults(receipt(log))).toEqual([]);
    expect(recountAgrees(receipt(log))).toBe(true);
    return { ...sealedBy(log), log };
  };

  it('is no decision unless the terms say what it leads to', async () => {
    for (const terms of [{}, { tie: 'no-decision' }] as const)
      expect(await tied(terms)).toMatchObject({ phase: 'tied', outcome: { status: 'undecided', winners: ['a', 'b'] } });
  });

  it('leaves the status quo standing where the terms say so', async () => {
    expect(await tied({ tie: 'status-quo', statusQuo: 'c' })).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'decided', winners: ['c'], reason: 'tie-status-quo' },
    });
  });

  it('is broken by what was committed before anybody revealed, and the recount breaks it the same way', async () => {
    const { outcome, log } = await tied({ tie: 'seeded', secrecy: 'sealed' });
    const winners = seededOrder(tieSeed(log.decision), ['a', 'b']).slice(0, 1);
    expect(outcome).toEqual({ status: 'decided', winners, reason: 'tie-seeded' });
    const other = changed(receipt(log), (copy) => (copy.outcome.winners = winners[0] === 'a' ? ['b'] : ['a']));
    expect(recountAgrees(other)).toBe(false);
  });
});

describe('terms that do not go together', () => {
  it.each<[string, Partial<Terms>]>([
    ['rounds-foreign', { rounds }],
    ['tie-foreign', { tie: 'no-decision' }],
    ['status-quo-unknown', { ...elective, statusQuo: 'a' }],
    ['status-quo-unknown', { ...elective, statusQuo: 'x', tie: 'status-quo' }],
    ['status-quo-missing', { ...elective, tie: 'status-quo' }],
    ['seeded-needs-sealed', { ...elective, tie: 'seeded' }],
    ['waves-need-early-stop', { waves: true }],
    ['early-stop-needs-open', { earlyStop: 'certain', secrecy: 'sealed' }],
    ['veto-without-holder', { veto: { roles: ['auditor'] } }],
    ['voter-excluded', { electorateRules: { excluded: ['bob'] } }],
    ['voter-cap', { electorateRules: { voterCap: { num: 1, den: 4 } } }],
    ['family-cap', { electorateRules: { familyCap: { num: 1, den: 4 } } }],
    ['cap-range', { electorateRules: { familyCap: { num: 0, den: 4 } } }],
    ['too-few-families', { electorateRules: { minFamilies: 4 } }],
    ['role-missing', { electorateRules: { minRoles: [{ role: 'chair', count: 2 }] } }],
  ])('are refused: %s', (reason, overrides) => {
    expect(refusal(admitOpening(termsOf([ann, bob, cid], overrides)))).toEqual([
      'consensus.decision.malformed',
      reason,
    ]);
  });
});

describe('an electorate', () => {
  it('may hold a cap to the last unit of weight', async () => {
    const [x, y] = await Promise.all([
      signerOf('x', { weight: 2, family: 'f' }),
      signerOf('y', { weight: 1, family: 'f' }),
    ]);
    const capped = (num: number, den: number) =>
      admitOpening(
        termsOf([x, y, ann], { electorateRules: { familyCap: { num, den }, voterCap: { num: 2, den: 4 } } }),
      );
    expect(capped(3, 4).refusal).toBeUndefined();
    expect(refusal(capped(2, 3))).toEqual(['consensus.decision.malformed', 'family-cap']);
  });

  it.each([
    ['too-few-families', { minFamilies: 3 }],
    ['role-missing', { minRoles: [{ role: 'chair', count: 1 }] }],
  ] as const)('decides nothing without those it must have: %s', async (reason, electorateRules) => {
    const log = new Log(termsOf([ann, bob, cid], { electorateRules }));
    await log.cast(ann, { vote: 'abstain' });
    await log.cast(bob, { vote: 'yes' });
    await log.cast(cid, { vote: 'yes' });
    log.finish();
    expect(sealedBy(log)).toMatchObject({ phase: 'no-quorum', outcome: { status: 'undecided', reason } });
    expect(recountAgrees(receipt(log))).toBe(true);
    const seated = changed(receipt(log), (copy) => (copy.electorateRules!.excluded = ['cid']));
    expect(await faults(seated)).toContain('electorate /electorate');
  });
});
