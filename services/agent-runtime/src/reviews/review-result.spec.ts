import { describe, expect, it } from '@jest/globals';
import type { Prepared, Seat } from './prepared.js';
import { resultOf, type ReviewParts, type SeatResult } from './review-result.js';

const usage = { inputTokens: 1, outputTokens: 2, costMicros: 3 };
const seat = (name: string, kind: 'gate' | 'juror' = 'juror'): Seat => ({
  seat: name,
  kind,
  agent: 'check',
  family: 'f',
  version: '1',
});
const seats = [seat('tests', 'gate'), seat('a'), seat('b')];
const prepared = { subject: {}, panel: {}, seats, notices: ['n'] } as unknown as Prepared;
const result = (of: Seat, vote: SeatResult['vote'], findings: SeatResult['findings'] = []): SeatResult => ({
  seat: of.seat,
  kind: of.kind,
  vote,
  reason: 'r',
  findings,
  findingsSha256: null,
  usage,
});
const sealed = (winners: string[], reason: string): ReviewParts['answer'] => ({
  phase: 'sealed',
  outcome: { status: 'x', winners, reason },
});
const review = (answer: ReviewParts['answer'], votes: SeatResult['vote'][]) =>
  resultOf({
    prepared,
    decisionId: 'dec',
    answer,
    seats: Object.fromEntries(votes.map((vote, i) => [`${seats[i]!.kind}/${seats[i]!.seat}`, result(seats[i]!, vote)])),
  });

describe('the result of a review', () => {
  it.each([
    [
      sealed(['approved'], 'threshold-met'),
      ['green', 'yes', 'abstain'],
      'approved',
      'Nobody objected: 1 yes, 1 abstained.',
    ],
    [sealed(['rejected'], 'threshold-missed'), ['green', 'yes', 'no'], 'rejected', 'No from b; 1 yes, 0 abstained.'],
    [sealed(['rejected'], 'gate-red'), ['red', 'yes', 'yes'], 'rejected', 'Gate red: tests.'],
    [sealed([], 'all-abstained'), ['green', 'abstain', 'abstain'], 'undecided', 'Every juror abstained.'],
    [sealed([], 'evidence-missing'), ['green', 'yes', 'yes'], 'undecided', 'Undecided: evidence-missing.'],
    [sealed([], 'no-quorum'), ['green', 'yes'], 'undecided', 'Undecided: not finished in time: b.'],
    [
      sealed([], 'no-quorum'),
      ['green', 'yes', 'no'],
      'undecided',
      'Undecided: not every juror’s ballot came to count.',
    ],
    [
      sealed(['approved'], 'threshold-met'),
      ['green', 'yes'],
      'approved',
      'No vote was against: 1 yes, 0 abstained, not finished: b.',
    ],
    [
      sealed(['approved'], 'threshold-met'),
      ['green', 'yes', 'no'],
      'approved',
      'Approved over the no of b; 1 yes, 0 abstained.',
    ],
    [{ expired: true }, [], 'undecided', 'The decision was not sealed in time.'],
  ] as [ReviewParts['answer'], SeatResult['vote'][], string, string][])(
    'says in words why it ended so (%#)',
    (answer, votes, outcome, reason) => {
      expect(review(answer, votes)).toMatchObject({ outcome, reason });
    },
  );

  it('lists findings by gravity and place, each with its juror, and adds up what models cost', () => {
    const found = (path: string, line: number, severity: 'error' | 'warning') => ({
      path,
      line,
      severity,
      rule: 'r',
      message: 'm',
    });
    const a = result(seats[1]!, 'no', [found('z', 1, 'error'), found('a', 9, 'warning')]);
    const b = result(seats[2]!, 'no', [found('a', 2, 'error'), found('a', 1, 'error')]);
    const reviewed = resultOf({
      prepared,
      decisionId: 'dec',
      answer: sealed(['rejected'], 'threshold-missed'),
      seats: { 'juror/a': a, 'juror/b': b },
    });
    expect(reviewed.findings.map((f) => `${f.severity} ${f.path}:${f.line} ${f.juror}`)).toEqual([
      'error a:1 b',
      'error a:2 b',
      'error z:1 a',
      'warning a:9 a',
    ]);
    expect(reviewed.usage).toEqual({ inputTokens: 2, outputTokens: 4, costMicros: 6 });
  });

  it('lists the gravest when there are more than fit, and says so', () => {
    const findings = Array.from({ length: 3_000 }, (_, line) => ({
      ...{ path: 'a', line, rule: 'r', message: 'm'.repeat(300) },
      severity: line % 2 === 0 ? ('error' as const) : ('info' as const),
    }));
    const reviewed = resultOf({
      prepared,
      decisionId: 'dec',
      answer: sealed(['rejected'], 'threshold-missed'),
      seats: { 'juror/a': result(seats[1]!, 'no', findings) },
    });
    expect(Buffer.byteLength(JSON.stringify(reviewed))).toBeLessThan(700_000);
    const { length } = reviewed.findings;
    expect(length).toBeGreaterThan(1_500);
    expect(reviewed.findings.slice(0, 1_500).every(({ severity }) => severity === 'error')).toBe(true);
    expect(reviewed.notices).toEqual(['n', `Only the gravest ${length} of 3000 findings are listed.`]);
  });

  it('says when the tests that were named judged nothing', () => {
    const tests = { command: 'make test', dependencies: [], timeoutMs: 1 } as unknown as NonNullable<Prepared['tests']>;
    const of = (parts: Partial<Prepared>): readonly string[] =>
      resultOf({
        prepared: { ...prepared, ...parts },
        decisionId: 'dec',
        answer: sealed(['approved'], 'threshold-met'),
        seats: { 'gate/tests': { ...result(seats[0]!, 'abstain', []), reason: 'the tests do not pass on the base' } },
      }).notices;
    expect(of({ tests })).toEqual(['n', 'The gate tests judged nothing: the tests do not pass on the base.']);
    expect(of({})).toEqual(['n']);
  });

  it('shows a seat that had not finished without a vote of its own, and says so', () => {
    expect(review(sealed(['approved'], 'threshold-met'), ['green', 'yes']).seats.at(-1)).toMatchObject({
      seat: 'b',
      vote: 'abstain',
      reason: expect.stringContaining('had not finished'),
    });
  });
});
