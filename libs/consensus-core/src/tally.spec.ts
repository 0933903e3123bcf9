import { describe, expect, it } from '@jest/globals';
import { jcs, utf8 } from '@conclave/audit-core';
import fc from 'fast-check';
import { largestResult } from './rules/largest-result.js';
import { methods, type RuleParameters } from './rules/rule.js';
import { tally, tallyAsked } from './tally.js';
import { counted } from './test/tallying.js';

const options = ['A', 'B', 'C', 'D'];
const weight = fc.integer({ min: 1, max: 5 });
const vote = fc.record({ vote: fc.constantFrom('yes', 'no', 'abstain'), weight });
const ranked = fc
  .shuffledSubarray(options)
  .chain((order) => fc.record({ ranking: fc.constant(order.map((option) => [option])), weight }));
const scored = fc.record({
  score: fc.dictionary(fc.constantFrom(...options), fc.integer({ min: 0, max: 10 })),
  weight,
});

const chosen = fc.record({ choice: fc.constantFrom(...options), weight });
const approved = fc.record({ approve: fc.shuffledSubarray(options), weight });

/** A rule with a profile of ballots that fit it. */
const contest = fc.oneof(
  fc.record({ rule: fc.constant({ method: 'approval-gate' }), ballots: fc.array(vote, { maxLength: 9 }) }),
  fc.record({ rule: fc.constant({ method: 'plurality' }), ballots: fc.array(chosen, { maxLength: 9 }) }),
  fc.record({ rule: fc.constant({ method: 'approval' }), ballots: fc.array(approved, { maxLength: 9 }) }),
  ...['borda', 'irv', 'ranked-pairs'].map((method) =>
    fc.record({ rule: fc.constant({ method }), ballots: fc.array(ranked, { maxLength: 9 }) }),
  ),
  ...['winning', 'margin', 'ratio'].map((variant) =>
    fc.record({ rule: fc.constant({ method: 'schulze', variant }), ballots: fc.array(ranked, { maxLength: 9 }) }),
  ),
  ...['sum', 'lower-median'].map((variant) =>
    fc.record({ rule: fc.constant({ method: 'score', variant }), ballots: fc.array(scored, { maxLength: 9 }) }),
  ),
);

describe('tally', () => {
  it('gives equal bytes whatever the order of the ballots', () => {
    const shuffled = contest.chain((input) =>
      fc.record({
        input: fc.constant(input),
        order: fc.shuffledSubarray<object>(input.ballots, { minLength: input.ballots.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ input, order }) => {
        expect(jcs(counted({ options, ...input, ballots: order }))).toBe(jcs(counted({ options, ...input })));
      }),
    );
  });

  it('is never larger than its rule and options let expect', () => {
    const long = (ballots: object[]) =>
      JSON.parse(
        JSON.stringify(ballots).replaceAll(/"([A-D])"/g, (_, id: string) => JSON.stringify(named(id))),
      ) as object[];
    const named = (id: string) => id.padEnd(60, '本"');
    fc.assert(
      fc.property(contest, fc.integer({ min: 1, max: 1_000_000 }), ({ rule, ballots }, count) => {
        const names = options.map(named);
        const heavy = long(ballots).map((ballot) => ({ ...ballot, count }));
        const result = counted({ options: names, rule, ballots: heavy, eligibleWeight: 45 * count });
        const bound = largestResult(rule as RuleParameters, names, 45 * count);
        expect(utf8(jcs(result)).length).toBeLessThanOrEqual(bound);
      }),
    );
    const many = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(100, '本'));
    const ballots = Array.from({ length: 7 }, (_, bit) => ({
      ranking: [many.filter((_, n) => (n >> bit) & 1)],
      weight: 2 ** bit,
    }));
    const irv = { options: many, rule: { method: 'irv' as const }, ballots };
    expect(utf8(jcs(counted(irv))).length).toBeLessThan(largestResult(irv.rule, many, 128));
    expect(tallyAsked(irv)).toMatchObject({ refusal: { code: 'consensus.tally.too-large' } });
  });

  it('treats options alike: renaming them renames the result', () => {
    const renamed = (value: unknown): unknown => {
      if (typeof value === 'string') return options.includes(value) ? value.toLowerCase() : value;
      if (Array.isArray(value)) return value.map(renamed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [renamed(key), renamed(item)]));
    };
    fc.assert(
      fc.property(contest, fc.shuffledSubarray(options, { minLength: 4 }), (input, order) => {
        const original = counted({ options, ...input });
        const other = counted(renamed({ options: order, ...input }));
        expect(other.winners.toSorted()).toEqual((renamed(original.winners) as string[]).toSorted());
        expect(other.ranking.map((tier) => tier.toSorted())).toEqual(
          (renamed(original.ranking) as string[][]).map((tier) => tier.toSorted()),
        );
      }),
    );
  });

  it('counts n equal ballots as one ballot with count n, and k times the profile as the profile', () => {
    fc.assert(
      fc.property(contest, fc.integer({ min: 2, max: 4 }), (input, k) => {
        const times = { ...input, ballots: input.ballots.map((ballot) => ({ ...ballot, count: k })) };
        const repeated = {
          ...input,
          ballots: input.ballots.flatMap((ballot) => Array.from({ length: k }, () => ballot)),
        };
        const one = counted({ options, ...times });
        expect(jcs(one)).toBe(jcs(counted({ options, ...repeated })));
        const { status, winners, ranking } = counted({ options, ...input });
        expect(one).toMatchObject({ status, winners, ranking });
      }),
    );
  });

  it('accepts an abstention under every rule: present, and nothing else', () => {
    for (const method of methods) {
      const result = counted({
        options,
        rule: { method },
        ballots: [{ vote: 'abstain', weight: 3 }],
        eligibleWeight: 9,
      });
      expect(result).toMatchObject({
        status: 'no-quorum',
        winners: [],
        detail: { present: 3, counted: 0, voters: 0, eligible: 9 },
      });
    }
  });

  it('does not decide with fewer voters than asked, however heavy', () => {
    const ballots = [{ ranking: [['A']], weight: 1000 }];
    expect(counted({ options, rule: { method: 'schulze', minVoters: 2 }, ballots }).status).toBe('no-quorum');
    const two = [{ ranking: [['A']], count: 2 }];
    expect(counted({ options, rule: { method: 'schulze', minVoters: 2 }, ballots: two }).status).toBe('decided');
  });

  const gate = { method: 'approval-gate' };
  const schulze = { method: 'schulze' };
  const score = { method: 'score' };
  const irv = { method: 'irv' };
  const plurality = { method: 'plurality' };
  const yes = { vote: 'yes' };
  it.each<[string, string, object]>([
    ['shape', '/options', { rule: gate, ballots: [], options: [] }],
    ['shape', '/options', { rule: gate, ballots: [], options: Array.from({ length: 101 }, (_, i) => `o${i}`) }],
    ['shape', '/ballots', { rule: gate, ballots: Array.from({ length: 10_001 }, () => yes) }],
    ['shape', '/ballots', { rule: gate }],
    ['shape', '/rule/method', { rule: { method: 'dictator' }, ballots: [] }],
    ['shape', '/rule/threshold/den', { rule: { ...gate, threshold: { num: 1, den: 0 } }, ballots: [] }],
    ['shape', '/rule/colour', { rule: { ...gate, colour: 'red' }, ballots: [] }],
    ['shape', '/ballots/0/weight', { rule: gate, ballots: [{ ...yes, weight: 0.5 }] }],
    ['shape', '/ballots/0/weight', { rule: gate, ballots: [{ ...yes, weight: 0 }] }],
    ['shape', '/ballots/0/weight', { rule: gate, ballots: [{ ...yes, weight: '1' }] }],
    ['shape', '/ballots/0/count', { rule: gate, ballots: [{ ...yes, count: -1 }] }],
    ['shape', '/ballots/0/vote', { rule: gate, ballots: [{ vote: 'maybe' }] }],
    ['shape', '/ballots/0/score/A', { rule: score, ballots: [{ score: { A: -1 } }] }],
    ['shape', '/ballots/0/score/A', { rule: score, ballots: [{ score: { A: 1001 } }] }],
    ['shape', '/ballots/0/ranking/0', { rule: schulze, ballots: [{ ranking: [[]] }] }],
    ['shape', '/ballots/0/ranking/0', { rule: schulze, ballots: [{ ranking: ['A'] }] }],
    ['option-duplicate', '/options', { rule: gate, ballots: [], options: ['A', 'A'] }],
    ['option-unknown', '/ballots/1', { rule: schulze, ballots: [{ ranking: [] }, { ranking: [['X']] }] }],
    ['option-unknown', '/ballots/0', { rule: score, ballots: [{ score: { X: 1 } }] }],
    ['option-repeated', '/ballots/0', { rule: schulze, ballots: [{ ranking: [['A'], ['A']] }] }],
    ['option-repeated', '/ballots/0', { rule: schulze, ballots: [{ ranking: [['A', 'A']] }] }],
    ['status-quo-unknown', '/rule/statusQuo', { rule: { ...schulze, statusQuo: 'X' }, ballots: [] }],
    ['status-quo-foreign', '/rule', { rule: { ...gate, statusQuo: 'A' }, ballots: [] }],
    ['variant-foreign', '/rule', { rule: { ...gate, variant: 'margin' }, ballots: [] }],
    ['variant-foreign', '/rule', { rule: { ...schulze, variant: 'sum' }, ballots: [] }],
    ['variant-foreign', '/rule', { rule: { ...score, variant: 'unanimous' }, ballots: [] }],
    [
      'threshold-foreign',
      '/rule',
      { rule: { ...gate, variant: 'unanimous', threshold: { num: 1, den: 2 } }, ballots: [] },
    ],
    ['threshold-foreign', '/rule', { rule: { ...schulze, threshold: { num: 1, den: 2 } }, ballots: [] }],
    ['threshold-foreign', '/rule', { rule: { ...score, threshold: { num: 1, den: 2 } }, ballots: [] }],
    ['threshold-foreign', '/rule', { rule: { ...irv, threshold: { num: 1, den: 2 } }, ballots: [] }],
    ['variant-foreign', '/rule', { rule: { ...irv, variant: 'winning' }, ballots: [] }],
    ['status-quo-foreign', '/rule', { rule: { ...plurality, statusQuo: 'A' }, ballots: [] }],
    ['option-unknown', '/ballots/0', { rule: plurality, ballots: [{ choice: 'X' }] }],
    ['option-repeated', '/ballots/0', { rule: { method: 'approval' }, ballots: [{ approve: ['A', 'A'] }] }],
    ['ballot-foreign', '/ballots/0', { rule: plurality, ballots: [{ ranking: [['A']] }] }],
    ['ballot-foreign', '/ballots/0', { rule: irv, ballots: [{ choice: 'A' }] }],
    ['threshold-range', '/rule/threshold', { rule: { ...gate, threshold: { num: 3, den: 2 } }, ballots: [] }],
    ['threshold-range', '/rule/threshold', { rule: { ...gate, threshold: { num: 0, den: 2 } }, ballots: [] }],
    ['quorum-range', '/rule/quorum', { rule: { ...gate, quorum: { num: 3, den: 2 } }, ballots: [], eligibleWeight: 1 }],
    ['quorum-needs-eligible-weight', '/eligibleWeight', { rule: { ...gate, quorum: { num: 1, den: 2 } }, ballots: [] }],
    ['eligible-weight-exceeded', '/ballots/1', { rule: gate, ballots: [yes, yes], eligibleWeight: 1 }],
    ['ballot-foreign', '/ballots/0', { rule: gate, ballots: [{ ranking: [['A']] }] }],
    ['ballot-foreign', '/ballots/0', { rule: schulze, ballots: [yes] }],
    ['ballot-foreign', '/ballots/0', { rule: schulze, ballots: [{ choice: 'A' }] }],
    ['ballot-foreign', '/ballots/0', { rule: score, ballots: [{ approve: ['A'] }] }],
    ['ballot-foreign', '/ballots/0', { rule: gate, ballots: [{}] }],
    ['ballot-foreign', '/ballots/0', { rule: gate, ballots: [{ ...yes, score: { A: 1 } }] }],
    [
      'weight-overflow',
      '/ballots/9',
      { rule: gate, ballots: Array.from({ length: 10 }, () => ({ ...yes, weight: 1e6, count: 1e6 })) },
    ],
  ])('refuses with %s at %s', (reason, path, input) => {
    expect(tally({ options, ...input })).toEqual({
      ok: false,
      refusal: { code: 'consensus.tally.malformed', reason, path },
    });
  });

  it('refuses `__proto__` as an option instead of losing it', () => {
    const input: unknown = JSON.parse('{"options":["__proto__"],"rule":{"method":"score"},"ballots":[]}');
    expect(tally(input)).toMatchObject({ ok: false, refusal: { path: '/options/0' } });
    const ballot: unknown = JSON.parse(
      '{"options":["A"],"rule":{"method":"score"},"ballots":[{"score":{"__proto__":1}}]}',
    );
    expect(tally(ballot)).toMatchObject({ ok: false, refusal: { reason: 'shape' } });
  });

  it('keeps `constructor` and `toString` apart from what objects inherit', () => {
    const hostile = ['constructor', 'toString'];
    const result = counted({ options: hostile, rule: { method: 'score' }, ballots: [{ score: { toString: 3 } }] });
    expect(result).toMatchObject({ winners: ['toString'], ranking: [['toString'], ['constructor']] });
  });

  it('never throws, whatever it is given', () => {
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true });
    const nearly = fc.record(
      { options: anything, rule: anything, ballots: anything, eligibleWeight: anything },
      { requiredKeys: [] },
    );
    const deeper = fc.record({
      options: fc.constant(options),
      rule: fc.record({ method: fc.constantFrom(...methods), variant: anything }, { requiredKeys: ['method'] }),
      ballots: fc.array(
        fc.record(
          { vote: anything, ranking: anything, score: anything, choice: anything, approve: anything },
          { requiredKeys: [] },
        ),
      ),
    });
    fc.assert(
      fc.property(fc.oneof(anything, nearly, deeper), (input) => {
        expect(typeof tally(input).ok).toBe('boolean');
      }),
      { numRuns: 1_000 },
    );
  });
});
