import { beforeAll, describe, expect, it } from '@jest/globals';
import { base64 } from '@conclave/audit-core';
import { Log, reportOf, signerOf, termsOf, type Signer } from '../test/panel.js';
import type { Admission } from './admission.js';
import {
  admitCancel,
  admitClose,
  admitCommitsClose,
  admitEvidence,
  admitOpening,
  admitSeal,
  readyToClose,
  readyToCloseCommits,
} from './admit-lifecycle.js';

let ann: Signer;
let bob: Signer;
beforeAll(async () => {
  [ann, bob] = await Promise.all([signerOf('ann'), signerOf('bob')]);
});

const panel = (overrides: Parameters<typeof termsOf>[1] = {}) => new Log(termsOf([ann, bob], overrides));
const refusalOf = ({ refusal, events }: Admission) => {
  expect(events).toEqual([]);
  return `${refusal?.code.replace('consensus.', '')} ${refusal?.reason}`;
};

describe('opening', () => {
  it('refuses terms that contradict themselves', () => {
    const terms = termsOf([ann, bob]);
    const quorum = { num: 2, den: 1 };
    const lowOrderKey = base64(new Uint8Array(32));
    const opened = (overrides: object) => refusalOf(admitOpening({ ...terms, ...overrides }));
    expect(opened({ electorate: [] })).toBe('decision.malformed shape');
    expect(opened({ electorate: [ann.voter, { ...bob.voter, voterId: 'ann' }] })).toBe(
      'decision.malformed voter-repeated',
    );
    expect(opened({ electorate: [ann.voter, { ...ann.voter, voterId: 'bob' }] })).toBe(
      'decision.malformed key-repeated',
    );
    expect(opened({ electorate: [{ ...ann.voter, publicKey: lowOrderKey }] })).toBe('decision.malformed key-refused');
    expect(opened({ gates: ['tests', 'tests'] })).toBe('decision.malformed gate-repeated');
    expect(opened({ rule: { ...terms.rule, quorum } })).toBe('decision.malformed quorum-range');
    expect(opened({ rule: { method: 'schulze', variant: 'sum' } })).toBe('decision.malformed variant-foreign');
    expect(opened({ gates: ['tests\u0000'] })).toBe('decision.malformed shape');
    expect(opened({ options: [{ id: 'a\u001b[2J', title: 'A' }] })).toBe('decision.malformed shape');
    expect(opened({ question: 'lone \ud800 surrogate' })).toBe('decision.malformed shape');
    expect(opened({ question: 'a\u0007bell' })).toBe('decision.malformed shape');
    expect(opened({ deadlineAt: 'tomorrow' })).toBe('decision.malformed shape');
    expect(refusalOf(admitOpening(undefined))).toBe('decision.malformed shape');
  });
});

describe('evidence', () => {
  it('is immutable: the same report is a repeat, another one a conflict', () => {
    const log = panel({ gates: ['tests'] });
    expect(log.report('tests', 'green').events).toHaveLength(1);
    expect(log.report('tests', 'green')).toEqual({ events: [] });
    expect(refusalOf(log.report('tests', 'red'))).toBe('evidence.conflict conflict');
    expect(refusalOf(log.report('lint', 'green'))).toBe('evidence.unknown-gate unknown-gate');
    expect(refusalOf(admitEvidence(log.decision, { gate: 'tests' }))).toBe('decision.malformed shape');
  });

  it('is refused after the close', () => {
    const log = panel({ gates: ['tests'] });
    log.finish('deadline');
    expect(refusalOf(log.report('tests', 'green'))).toBe('decision.phase expired');
  });

  it('rejects when red, whatever the ballots say', async () => {
    const log = panel({ gates: ['tests', 'build'] });
    await log.cast(ann, { vote: 'yes' });
    await log.cast(bob, { vote: 'yes' });
    log.report('tests', 'red');
    log.report('build', 'green');
    log.finish();
    expect(log.decision.phase).toBe('sealed');
    expect(log.decision.ended?.data).toMatchObject({
      outcome: { status: 'rejected', winners: ['rejected'], reason: 'gate-red' },
      tally: { winners: ['approved'] },
    });
  });

  it('has no effect when abstaining', async () => {
    const log = panel({ gates: ['tests'] });
    await log.cast(ann, { vote: 'yes' });
    await log.cast(bob, { vote: 'abstain' });
    log.report('tests', 'abstained');
    log.finish();
    expect(log.decision.ended?.data).toMatchObject({ outcome: { status: 'approved', reason: 'threshold-met' } });
  });
});

describe('closing', () => {
  it('waits for every voter and every gate', async () => {
    const log = panel({ gates: ['tests'] });
    expect(readyToClose(log.decision)).toBe(false);
    await log.cast(ann, { vote: 'yes' });
    await log.cast(bob, { vote: 'no' });
    expect(readyToClose(log.decision)).toBe(false);
    expect(refusalOf(log.finish())).toBe('decision.phase incomplete');
    log.report('tests', 'green');
    expect(readyToClose(log.decision)).toBe(true);
    log.finish();
    expect(log.decision.phase).toBe('sealed');
  });

  it('waits for a void voter no longer', async () => {
    const log = panel();
    await log.cast(ann, { vote: 'yes' });
    await log.cast(ann, { vote: 'no' });
    await log.cast(bob, { vote: 'yes' });
    expect(readyToClose(log.decision)).toBe(true);
    log.finish();
    expect(log.decision.ended?.data).toMatchObject({ tally: { detail: { present: 1, eligible: 2 } } });
  });

  it('closes commits, then reveals, of a sealed decision', async () => {
    const log = panel({ secrecy: 'sealed' });
    await log.commit(ann, { vote: 'yes' });
    expect(readyToCloseCommits(log.decision)).toBe(false);
    expect(refusalOf(log.closeCommits())).toBe('decision.phase incomplete');
    expect(refusalOf(admitClose(log.decision, 'deadline'))).toBe('decision.phase commit');
    await log.cast(bob, { vote: 'abstain' });
    expect(readyToCloseCommits(log.decision)).toBe(true);
    log.closeCommits();
    expect(log.closeCommits()).toEqual({ events: [] });
    expect(readyToClose(log.decision)).toBe(false);
    await log.reveal(ann, { vote: 'yes' });
    expect(readyToClose(log.decision)).toBe(true);
    log.finish();
    expect(log.decision.ended?.data).toMatchObject({ outcome: { status: 'approved' } });
  });

  it('treats a commitment that is never revealed as absent', async () => {
    const log = panel({ secrecy: 'sealed', rule: { method: 'approval-gate', quorum: { num: 1, den: 1 } } });
    await log.commit(ann, { vote: 'yes' });
    await log.commit(bob, { vote: 'yes' });
    log.closeCommits();
    await log.reveal(ann, { vote: 'yes' });
    log.finish('deadline');
    expect(log.decision.phase).toBe('no-quorum');
    expect(log.decision.ended?.data).toMatchObject({ outcome: { status: 'undecided', reason: 'no-quorum' } });
  });

  it('answers repeats and refuses what the phase does not allow', async () => {
    const log = panel();
    expect(refusalOf(admitSeal(log.decision))).toBe('decision.phase ballots');
    expect(refusalOf(admitCommitsClose(log.decision, 'deadline'))).toBe('decision.phase ballots');
    await log.cast(ann, { vote: 'yes' });
    log.finish('deadline');
    expect(admitClose(log.decision, 'deadline')).toEqual({ events: [] });
    expect(admitSeal(log.decision)).toEqual({ events: [] });
    expect(refusalOf(admitCancel(log.decision, 'too late'))).toBe('decision.phase sealed');
  });
});

describe('how decisions end', () => {
  const ended = async (says: readonly ('yes' | 'no' | 'abstain')[], overrides: Parameters<typeof termsOf>[1] = {}) => {
    const log = panel(overrides);
    for (const [index, vote] of says.entries()) await log.cast([ann, bob][index]!, { vote });
    log.finish('deadline');
    return log.decision;
  };

  it.each<[string, string, string, ('yes' | 'no' | 'abstain')[], Parameters<typeof termsOf>[1]]>([
    ['sealed', 'approved', 'threshold-met', ['yes', 'yes'], {}],
    ['sealed', 'approved', 'threshold-met', ['yes', 'abstain'], {}],
    ['sealed', 'rejected', 'threshold-missed', ['yes', 'no'], {}],
    ['no-quorum', 'undecided', 'all-abstained', ['abstain', 'abstain'], {}],
    ['no-quorum', 'undecided', 'no-quorum', [], {}],
    ['expired', 'undecided', 'evidence-missing', ['yes', 'yes'], { gates: ['tests'] }],
  ])('%s: %s (%s) after %j', async (phase, status, reason, says, overrides) => {
    const decision = await ended(says, overrides);
    expect(decision.phase).toBe(phase);
    expect(decision.ended?.data).toMatchObject({ phase, outcome: { status, reason } });
  });

  it('elects, ties or finds nothing above the status quo among several options', async () => {
    const options = ['A', 'B', 'S'].map((id) => ({ id, title: id }));
    const elect = async (first: string, second: string, weight = 1) => {
      const electorate = [{ ...ann.voter, weight }, bob.voter];
      const log = panel({
        electorate,
        options,
        rule: { method: 'schulze', statusQuo: 'S', threshold: { num: 1, den: 1 } },
      });
      await log.cast(ann, { ranking: [...first].map((id) => [id]) });
      await log.cast(bob, { ranking: [...second].map((id) => [id]) });
      log.finish();
      return log.decision.ended?.data;
    };
    expect(await elect('ABS', 'ABS')).toMatchObject({
      phase: 'sealed',
      outcome: { status: 'decided', winners: ['A'], reason: 'most-preferred' },
    });
    expect(await elect('ABS', 'BAS')).toMatchObject({
      phase: 'tied',
      outcome: { status: 'undecided', winners: ['A', 'B'] },
    });
    expect(await elect('ABS', 'SAB', 2)).toMatchObject({ outcome: { status: 'undecided', reason: 'below-threshold' } });
  });

  it('ends without a receipt when canceled', async () => {
    const log = panel();
    await log.cast(ann, { vote: 'yes' });
    expect(refusalOf(admitCancel(log.decision, ''))).toBe('decision.malformed shape');
    log.take(admitCancel(log.decision, 'withdrawn'));
    expect(log.decision.phase).toBe('canceled');
    expect(admitCancel(log.decision, 'again')).toEqual({ events: [] });
    expect(refusalOf(admitSeal(log.decision))).toBe('decision.phase canceled');
    expect(refusalOf(admitClose(log.decision, 'deadline'))).toBe('decision.phase canceled');
    expect((await log.cast(bob, { vote: 'yes' })).refusal?.code).toBe('consensus.ballot.late');
    expect(refusalOf(admitEvidence(panel().decision, reportOf('x', 'green')))).toBe(
      'evidence.unknown-gate unknown-gate',
    );
  });
});
