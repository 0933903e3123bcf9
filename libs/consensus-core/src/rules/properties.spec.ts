/** What the literature promises of each rule, and where it promises nothing: the counter-examples are in `tie-orders.spec.ts`. */
import { describe, expect, it } from '@jest/globals';
import { jcs } from '@conclave/audit-core';
import fc from 'fast-check';
import { profiles, smithSet, withClone, withoutOption, type Ranked } from '../test/profiles.js';
import { counted } from '../test/tallying.js';

fc.configureGlobal({ numRuns: 50 });

type Kind = 'ranking' | 'choice' | 'approve' | 'score';

/** Every rule over options, with the ballots it reads made from rankings. */
const rules: readonly (readonly [string, string | undefined, Kind])[] = [
  ['plurality', undefined, 'choice'],
  ['approval', undefined, 'approve'],
  ['borda', undefined, 'ranking'],
  ['irv', undefined, 'ranking'],
  ['schulze', 'winning', 'ranking'],
  ['schulze', 'margin', 'ranking'],
  ['schulze', 'ratio', 'ranking'],
  ['ranked-pairs', 'winning', 'ranking'],
  ['ranked-pairs', 'margin', 'ranking'],
  ['ranked-pairs', 'ratio', 'ranking'],
  ['score', 'sum', 'score'],
  ['score', 'lower-median', 'score'],
];
const condorcet = rules.filter(([method]) => method === 'schulze' || method === 'ranked-pairs');

function as(kind: Kind, { ranking, count }: Ranked): object {
  switch (kind) {
    case 'ranking':
      return { ranking, count };
    case 'choice':
      return { choice: ranking[0]?.[0] ?? 'A', count };
    case 'approve':
      return { approve: ranking[0] ?? [], count };
    case 'score':
      return { score: Object.fromEntries(ranking.flatMap((tier, at) => tier.map((o) => [o, 9 - at]))), count };
  }
}

const count = (method: string, variant: string | undefined, options: string, ballots: readonly object[]) =>
  counted({ options: [...options], rule: { method, ...(variant && { variant }) }, ballots });

const elect = (method: string, variant: string | undefined, kind: Kind, options: string, ballots: readonly Ranked[]) =>
  count(
    method,
    variant,
    options,
    ballots.map((ballot) => as(kind, ballot)),
  );

const renamed = (ballots: readonly Ranked[], name: (option: string) => string): Ranked[] =>
  ballots.map(({ ranking, count }) => ({ ranking: ranking.map((tier) => tier.map(name)), count }));

describe.each(rules)('%s %s', (method, variant, kind) => {
  const run = (options: string, ballots: readonly Ranked[]) => elect(method, variant, kind, options, ballots);

  it('is neutral, anonymous and homogeneous; permuted ballots leave the bytes equal', () => {
    const order = fc.shuffledSubarray([...'ABCD'], { minLength: 4 });
    fc.assert(
      fc.property(profiles('ABCD'), order, fc.integer({ min: 2, max: 5 }), (ballots, [...names], k) => {
        const result = run('ABCD', ballots);
        const { winners, ranking } = result;
        expect(jcs(run('ABCD', ballots.toReversed()))).toBe(jcs(result));
        expect(
          run(
            'ABCD',
            ballots.map((ballot) => ({ ...ballot, count: k * ballot.count })),
          ),
        ).toMatchObject({
          winners,
          ranking,
        });
        if (kind === 'choice') return; // of equal favourites `as` takes the first by name
        const name = (option: string) => names['ABCD'.indexOf(option)]!;
        const other = run('ABCD', renamed(ballots, name));
        expect(other.winners.toSorted()).toEqual(winners.map(name).toSorted());
        expect(other.ranking.map((tier) => tier.toSorted())).toEqual(ranking.map((tier) => tier.map(name).toSorted()));
      }),
    );
  });

  it('ranks every option once, and the winners first', () => {
    fc.assert(
      fc.property(profiles('ABCDE'), (ballots) => {
        const { ranking, winners, status } = run('ABCDE', ballots);
        expect(ranking.flat().toSorted()).toEqual([...'ABCDE']);
        expect(ranking[0]).toEqual(winners);
        expect(status).toBe(winners.length === 1 ? 'decided' : 'tied');
      }),
    );
  });
});

/** Ways in which a voter thinks better of an option; what a score voter thinks of the others stays as it was. */
const raises: Readonly<Record<string, (kind: Kind, ballot: Ranked, winner: string) => object>> = {
  'above all others': (kind, ballot, winner) =>
    kind === 'score'
      ? graded(ballot, winner, 1_000)
      : as(kind, { ...ballot, ranking: [[winner], ...withoutOption(ballot.ranking, winner)] }),
  'by one place': (kind, ballot, winner) =>
    kind === 'score' ? graded(ballot, winner, 1) : as(kind, { ...ballot, ranking: oneUp(ballot.ranking, winner) }),
};

function graded(ballot: Ranked, winner: string, by: number): object {
  const { score, ...rest } = as('score', ballot) as { score: Record<string, number> };
  return { ...rest, score: { ...score, [winner]: Math.min(1_000, (score[winner] ?? 0) + by) } };
}

/** Out of its tier if it shares it, else into the one above; what was not ranked becomes the last that is. */
function oneUp(ranking: readonly string[][], winner: string): string[][] {
  const at = ranking.findIndex((tier) => tier.includes(winner));
  if (at < 0) return [...ranking, [winner]];
  const shared = ranking[at]!.length > 1;
  if (at === 0 && !shared) return [...ranking];
  return ranking.flatMap((tier, place) => {
    if (place === at) return shared ? [[winner], tier.filter((other) => other !== winner)] : [];
    return place === at - 1 && !shared ? [[...tier, winner]] : [tier];
  });
}

describe.each(rules.filter(([method]) => method !== 'irv'))('%s %s', (method, variant, kind) => {
  it.each(Object.keys(raises))('is monotone: raised by a voter %s, a winner stays one', (how) => {
    let changed = 0;
    fc.assert(
      fc.property(profiles('ABCD'), fc.nat(), (ballots, pick) => {
        const said = ballots.map((ballot) => as(kind, ballot));
        const [winner] = count(method, variant, 'ABCD', said).winners;
        const raised = said.with(pick % said.length, raises[how]!(kind, ballots[pick % said.length]!, winner!));
        if (jcs(raised) !== jcs(said)) changed++;
        expect(count(method, variant, 'ABCD', raised).winners).toContain(winner);
      }),
      { numRuns: 200 },
    );
    expect(changed).toBeGreaterThan(0);
  });
});

describe.each(condorcet)('%s %s', (method, variant, kind) => {
  const run = (options: string, ballots: readonly Ranked[]) => elect(method, variant, kind, options, ballots);

  it('elects a Condorcet winner alone, and only members of the Smith set', () => {
    fc.assert(
      fc.property(profiles('ABCD'), (ballots) => {
        const { winners, detail } = run('ABCD', ballots);
        const smith = smithSet('ABCD', detail['matrix'] as number[][]);
        expect(smith).toEqual(expect.arrayContaining([...winners]));
        if (smith.length === 1) expect(winners).toEqual(smith);
      }),
    );
  });

  it('turns round when every ballot does: a sole winner does not win, unless there is no other', () => {
    const strict = fc.array(
      fc.record({
        ranking: fc.shuffledSubarray([...'ABCD'], { minLength: 4 }).map((order) => order.map((option) => [option])),
        count: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(strict, (ballots) => {
        const { winners } = run('ABCD', ballots);
        const turned = ballots.map(({ ranking, count }) => ({ ranking: ranking.toReversed(), count }));
        if (winners.length === 1) expect(run('ABCD', turned).winners).not.toEqual(winners);
      }),
    );
  });
});

describe.each(rules.filter(([, , kind]) => kind === 'ranking'))('%s %s', (method, variant, kind) => {
  const independent = method !== 'borda';
  it(`${independent ? 'is' : 'is not'} independent of clones`, () => {
    const moved = (ballots: Ranked[], sides: readonly number[]) => {
      const run = (options: string, profile: readonly Ranked[]) =>
        elect(method, variant, kind, options, profile).winners;
      const cloned = ballots.map((ballot, at) => ({ ...ballot, ranking: withClone(ballot.ranking, sides[at]!) }));
      const before = run('ABC', ballots);
      const after = run('ABCc', cloned);
      return (
        jcs(after.filter((option) => !'Cc'.includes(option))) !== jcs(before.filter((option) => option !== 'C')) ||
        after.some((option) => 'Cc'.includes(option)) !== before.includes('C')
      );
    };
    const sides = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 });
    if (independent) fc.assert(fc.property(profiles('ABC'), sides, (ballots, side) => !moved(ballots, side)));
    else
      expect(
        moved(
          [
            { ranking: [['A'], ['C'], ['B']], count: 3 },
            { ranking: [['C'], ['A'], ['B']], count: 2 },
          ],
          [2, 2],
        ),
      ).toBe(true);
  });
});
