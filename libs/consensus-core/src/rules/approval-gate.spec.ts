import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { counted } from '../test/tallying.js';

const votes = (yes: number, no: number, abstain = 0) => [
  ...Array.from({ length: yes }, () => ({ vote: 'yes' })),
  ...Array.from({ length: no }, () => ({ vote: 'no' })),
  ...Array.from({ length: abstain }, () => ({ vote: 'abstain' })),
];
const gate = (rule: object, ballots: object[], eligibleWeight?: number) =>
  counted({
    options: ['change'],
    rule: { method: 'approval-gate', ...rule },
    ballots,
    ...(eligibleWeight !== undefined && { eligibleWeight }),
  });
const twoThirds = { num: 2, den: 3 };

describe('approval-gate', () => {
  it('approves by majority and rejects a tie', () => {
    expect(gate({}, votes(2, 1))).toMatchObject({ status: 'decided', winners: ['approved'] });
    expect(gate({}, votes(2, 2))).toMatchObject({ status: 'decided', winners: ['rejected'] });
    expect(gate({}, votes(1, 2)).ranking).toEqual([['rejected'], ['approved']]);
  });

  it('lets six of nine pass two thirds, exactly', () => {
    expect(gate({ threshold: twoThirds }, votes(6, 3)).winners).toEqual(['approved']);
    expect(gate({ threshold: twoThirds }, votes(5, 3)).winners).toEqual(['rejected']);
    expect(gate({ threshold: { num: 6_667, den: 10_000 } }, votes(6, 3)).winners).toEqual(['rejected']);
  });

  it('adds weights as integers where doubles would be wrong', () => {
    const ballots = [
      { vote: 'yes', weight: 7 },
      { vote: 'yes', weight: 1 },
      { vote: 'no', weight: 3 },
    ];
    expect(gate({ threshold: { num: 8, den: 11 } }, ballots)).toMatchObject({
      winners: ['approved'],
      detail: { yes: 8, no: 3 },
    });
  });

  it.each([
    [3, 0, 0, 5, 'no-quorum'],
    [4, 0, 0, 5, 'decided'],
    [2, 1, 0, 9, 'no-quorum'],
    [3, 0, 3, 9, 'decided'],
  ])('with %i yes, %i no, %i abstaining of %i at quorum 2/3: %s', (yes, no, abstain, eligible, status) => {
    expect(gate({ quorum: twoThirds }, votes(yes, no, abstain), eligible).status).toBe(status);
  });

  it('counts abstentions for the quorum and not for the threshold', () => {
    const rule = { threshold: { num: 3, den: 3 } };
    expect(gate({ ...rule, quorum: twoThirds }, votes(3, 0, 3), 9).winners).toEqual(['approved']);
    expect(gate({ ...rule, quorum: { num: 7, den: 9 } }, votes(3, 0, 3), 9)).toMatchObject({
      status: 'no-quorum',
      winners: [],
    });
  });

  it('is not decided by one voter among abstentions when minVoters says so', () => {
    expect(gate({ quorum: twoThirds }, votes(1, 0, 8), 9).status).toBe('decided');
    expect(gate({ quorum: twoThirds, minVoters: 3 }, votes(1, 0, 8), 9).status).toBe('no-quorum');
  });

  it('is undecided when all abstain, or nobody votes', () => {
    expect(gate({ variant: 'unanimous' }, votes(0, 0, 3))).toMatchObject({ status: 'no-quorum', winners: [] });
    expect(gate({}, [])).toMatchObject({ status: 'no-quorum', winners: [] });
  });

  it('is unanimous when no weight is against, whatever abstains', () => {
    expect(gate({ variant: 'unanimous' }, votes(1, 0, 5)).winners).toEqual(['approved']);
    expect(gate({ variant: 'unanimous' }, votes(99, 1)).winners).toEqual(['rejected']);
  });

  it('never turns to rejected by more yes or less no', () => {
    const share = fc
      .integer({ min: 1, max: 20 })
      .chain((den) => fc.record({ num: fc.integer({ min: 1, max: den }), den: fc.constant(den) }));
    fc.assert(
      fc.property(fc.nat(30), fc.integer({ min: 1, max: 30 }), share, (yes, no, threshold) => {
        if (gate({ threshold }, votes(yes, no)).winners[0] !== 'approved') return;
        expect(gate({ threshold }, votes(yes + 1, no)).winners).toEqual(['approved']);
        expect(gate({ threshold }, votes(yes, no - 1)).winners).toEqual(['approved']);
      }),
    );
  });
});
