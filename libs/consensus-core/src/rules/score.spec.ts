import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admitOpening } from '../decision/admit-lifecycle.js';
import { tallyAsked } from '../tally.js';
import { signerOf, termsOf } from '../test/panel.js';
import { counted } from '../test/tallying.js';

const ann = await signerOf('ann');

const grade = (variant: string | undefined, ballots: object[], options = ['A', 'B']) =>
  counted({ options, rule: { method: 'score', ...(variant && { variant }) }, ballots });

describe('score', () => {
  it('takes the lower median by default, which one hostile voter cannot move past its neighbours', () => {
    const ballots = [{ score: { A: 7, B: 5 } }, { score: { A: 8, B: 5 } }, { score: { A: 0, B: 1000 } }];
    expect(grade(undefined, ballots)).toMatchObject({ winners: ['A'], detail: { scores: { A: 7, B: 5 } } });
    expect(grade('sum', ballots)).toMatchObject({ winners: ['B'], detail: { scores: { A: 15, B: 1010 } } });
  });

  it('takes the lower of two middle grades', () => {
    const ballots = [{ score: { A: 1 } }, { score: { A: 2 } }, { score: { A: 3 } }, { score: { A: 4 } }];
    expect(grade('lower-median', ballots).detail).toMatchObject({ scores: { A: 2, B: 0 } });
  });

  it('scores options that were left out 0', () => {
    expect(grade('sum', [{ score: { A: 10 } }, { score: {} }]).detail).toMatchObject({ scores: { A: 10, B: 0 } });
  });

  it('is not asked for any more with a status quo, which it never heeded, and counts on where it was', () => {
    const input = { options: ['A', 'B'], rule: { method: 'score', statusQuo: 'A' }, ballots: [{ score: { B: 1 } }] };
    expect(counted(input)).toMatchObject({ winners: ['B'] });
    const refusal = { code: 'consensus.tally.malformed', reason: 'status-quo-foreign', path: '/rule/statusQuo' };
    expect(tallyAsked(input)).toEqual({ ok: false, refusal });
    const terms = termsOf([ann], { rule: { method: 'score', statusQuo: 'change' } });
    expect(admitOpening(terms).refusal).toMatchObject({ reason: 'status-quo-foreign', path: '/rule/statusQuo' });
  });

  it('says tied instead of choosing', () => {
    expect(grade('sum', [{ score: { A: 3 } }, { score: { B: 3 } }])).toMatchObject({
      status: 'tied',
      winners: ['A', 'B'],
      ranking: [['A', 'B']],
    });
  });

  it('equals the definition of the median on plain lists of grades', () => {
    const grades = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(grades, (list) => {
        const sorted = list.toSorted((a, b) => a - b);
        const median = sorted[Math.ceil(list.length / 2) - 1];
        expect(
          grade(
            'lower-median',
            list.map((A) => ({ score: { A } })),
          ).detail,
        ).toMatchObject({ scores: { A: median } });
      }),
    );
  });
});
