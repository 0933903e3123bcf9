import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { estimateErrors, weightsOfEstimate, type Observations } from './dawid-skene.js';
import { logOddsMilli, NO_RECORD, weightOfRecord, withOutcome } from './reputation.js';

const after = (...outcomes: boolean[]) => weightOfRecord(outcomes.reduce(withOutcome, NO_RECORD));

describe('reputation', () => {
  it('starts everybody at the least weight and stays within the odds of 0.55 and 0.95', () => {
    expect(after()).toBe(201);
    expect(after(...new Array<boolean>(30).fill(false))).toBe(201);
    expect(after(...new Array<boolean>(500).fill(true))).toBe(2944);
  });

  it('is the log odds of the faded Beta mean', () => {
    // right, right, wrong, right: a = 2 + .98³ + .98² + 1, b = 2 + .98.
    const odds = (2 + 0.98 ** 3 + 0.98 ** 2 + 1) / 2.98;
    expect(after(true, true, false, true)).toBe(Math.round(1_000 * Math.log(odds)));
  });

  it('equals 1000·ln within the rounding, wherever it is not capped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 551, max: 949 }), (p) => {
        expect(logOddsMilli(BigInt(p), BigInt(1_000 - p))).toBe(Math.round(1_000 * Math.log(p / (1_000 - p))));
      }),
    );
  });

  it('forgets: late outcomes weigh more than early ones', () => {
    const half = new Array<boolean>(20);
    expect(after(...half.fill(false), ...new Array<boolean>(20).fill(true))).toBeGreaterThan(
      after(...new Array<boolean>(20).fill(true), ...half),
    );
  });
});

/** Dawid and Skene (1979), table 1: 45 patients; observer 1 three times, then observers 2 to 5. */
const patients =
  '1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343 1111111 2223212 ' +
  '1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 ' +
  '1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 ' +
  '2322222 1211111 2222222';

describe('Dawid and Skene', () => {
  const items = patients
    .split(' ')
    .map((said): Observations => [...said].map((label, at) => [Math.max(0, at - 2), Number(label) - 1] as const));
  const size = { observers: 5, classes: 4 };
  const estimate = estimateErrors(items, size);

  it('comes to the published figures on the anaesthetists of 1979', () => {
    expect(estimate.marginals.map((share) => share.toFixed(4))).toEqual(['0.3996', '0.4220', '0.1118', '0.0667']);
    const labels = estimate.classes.map((chances) => chances.indexOf(Math.max(...chances)) + 1).join('');
    expect(labels).toBe('142222132243121111222222112111131224233111212');
    expect(estimate.rounds).toBe(24);
    const likelihood = items.map((said) =>
      estimate.marginals.reduce(
        (sum, share, truth) =>
          sum + said.reduce((chance, [observer, label]) => chance * estimate.rates[observer]![truth]![label]!, share),
        0,
      ),
    );
    expect(likelihood.reduce((sum, chance) => sum + Math.log(chance), 0)).toBeCloseTo(-192.8909, 4);
  });

  it('weighs observers by their estimated accuracy, one who is right by chance least', () => {
    expect(weightsOfEstimate(estimate)).toEqual([1577, 1259, 1246, 1874, 1676]);
    const coin: Observations[] = items.map((said, at) => [...said.filter(([observer]) => observer > 0), [0, at % 4]]);
    expect(weightsOfEstimate(estimateErrors(coin, size))[0]).toBe(201);
  });

  it('ends, with shares that sum to one, whatever was said', () => {
    const observation = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 }));
    const said = fc.array(fc.array(observation, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(said, (observed) => {
        const { marginals, rounds, rates } = estimateErrors(observed, { observers: 4, classes: 3 });
        expect(rounds).toBeLessThanOrEqual(100);
        expect(marginals.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        expect(rates.flat(2).every((rate) => rate >= 0 && rate <= 1 + 1e-9)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
