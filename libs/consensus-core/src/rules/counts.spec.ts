import { describe, expect, it } from '@jest/globals';
import { counted } from '../test/tallying.js';

describe('plurality', () => {
  const choose = (ballots: object[], rule: object = {}) =>
    counted({ options: ['A', 'B', 'C'], rule: { method: 'plurality', ...rule }, ballots });

  it('elects the most chosen, by weight times count', () => {
    const ballots = [
      { choice: 'A', weight: 2, count: 3 },
      { choice: 'B', count: 5 },
    ];
    expect(choose(ballots)).toMatchObject({
      status: 'decided',
      winners: ['A'],
      ranking: [['A'], ['B'], ['C']],
      detail: { scores: { A: 6, B: 5, C: 0 }, counted: 11, voters: 8 },
    });
  });

  it('elects nobody below the threshold, and says so', () => {
    const threshold = { num: 2, den: 3 };
    expect(
      choose(
        [
          { choice: 'A', count: 6 },
          { choice: 'B', count: 3 },
        ],
        { threshold },
      ).status,
    ).toBe('decided');
    expect(
      choose(
        [
          { choice: 'A', count: 5 },
          { choice: 'B', count: 4 },
        ],
        { threshold },
      ),
    ).toMatchObject({
      status: 'below-threshold',
      winners: [],
    });
  });

  it('says tied instead of choosing', () => {
    expect(choose([{ choice: 'A' }, { choice: 'C' }])).toMatchObject({ status: 'tied', winners: ['A', 'C'] });
  });
});

describe('approval', () => {
  const approve = (ballots: object[], rule: object = {}) =>
    counted({ options: ['A', 'B', 'C'], rule: { method: 'approval', ...rule }, ballots });

  it('gives every approved option the whole weight, and counts a ballot that approves of nothing', () => {
    const ballots = [{ approve: ['A', 'B'], weight: 2 }, { approve: ['B', 'C'] }, { approve: [] }];
    expect(approve(ballots)).toMatchObject({
      winners: ['B'],
      ranking: [['B'], ['A'], ['C']],
      detail: { scores: { A: 2, B: 3, C: 1 }, counted: 4 },
    });
  });

  it('asks for the threshold of all counted weight', () => {
    const threshold = { num: 3, den: 4 };
    const ballots = [{ approve: ['A', 'B'] }, { approve: ['A'], count: 2 }, { approve: [] }];
    expect(approve(ballots, { threshold }).winners).toEqual(['A']);
    expect(approve([...ballots, { approve: ['B'] }], { threshold }).status).toBe('below-threshold');
  });
});

describe('borda', () => {
  const rank = (ballots: object[]) => counted({ options: ['A', 'B', 'C'], rule: { method: 'borda' }, ballots });

  it('gives half points to ties, doubled so that they stay integers', () => {
    expect(rank([{ ranking: [['A']] }]).detail).toMatchObject({ doubledScores: { A: 4, B: 1, C: 1 } });
    expect(rank([{ ranking: [['A', 'B'], ['C']], weight: 3 }]).detail).toMatchObject({
      doubledScores: { A: 9, B: 9, C: 0 },
    });
    expect(rank([{ ranking: [] }])).toMatchObject({ status: 'tied', winners: ['A', 'B', 'C'] });
  });

  it('stays exact at the largest weights', () => {
    const options = Array.from({ length: 100 }, (_, place) => `o${place}`);
    const ballots = [{ ranking: options.map((option) => [option]), weight: 1_000_000, count: 1_000_000 }];
    const { detail } = counted({ options, rule: { method: 'borda' }, ballots });
    expect(detail['doubledScores']).toMatchObject({ o0: 198e12, o99: 0 });
  });
});
