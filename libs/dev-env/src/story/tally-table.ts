/** What `POST /v1/tally` answers, as tables: every method and variant, every status, every refusal. */
interface Counted {
  readonly says: string;
  readonly sent: object;
  readonly answer: object;
}

interface Refused {
  readonly says: string;
  readonly sent: unknown;
  readonly status: 400 | 413 | 422;
  readonly code: string;
  readonly reason?: string;
}

const half = { num: 1, den: 2 };
const twoThirds = { num: 2, den: 3 };

/** `{'A>BC': 2}` is two ballots that put A first and B and C equal after it. */
const ranked = (profile: Readonly<Record<string, number>>): object[] =>
  Object.entries(profile).map(([order, count]) => ({ ranking: order.split('>').map((tier) => [...tier]), count }));
const votes = (yes: number, no: number, abstain = 0): object[] =>
  Object.entries({ yes, no, abstain }).flatMap(([vote, count]) => (count > 0 ? [{ vote, count }] : []));
const decided = (winner: string, more: object = {}) => ({ status: 'decided', winners: [winner], ...more });
const tied = (...winners: string[]) => ({ status: 'tied', winners });
const without = (status: 'no-quorum' | 'below-threshold') => ({ status, winners: [] });

const gate = (says: string, rule: object, ballots: readonly object[], answer: object, more: object = {}): Counted => ({
  says: `approval-gate: ${says}`,
  sent: { options: ['change'], rule: { method: 'approval-gate', ...rule }, ballots, ...more },
  answer,
});
const APPROVED = decided('approved', { ranking: [['approved'], ['rejected']] });
const REJECTED = decided('rejected', { ranking: [['rejected'], ['approved']] });
const heavy = [
  { vote: 'no', weight: 5 },
  { vote: 'yes', weight: 2, count: 3 },
];

const gates: readonly Counted[] = [
  gate('a majority', {}, votes(2, 1), APPROVED),
  gate('a tie rejects', {}, votes(2, 2), REJECTED),
  gate('a tie rejects at a threshold it reaches', { threshold: half }, votes(3, 3), REJECTED),
  gate('six of nine reach two thirds', { threshold: twoThirds }, votes(6, 3), APPROVED),
  gate('five of nine do not', { threshold: twoThirds }, votes(5, 4), REJECTED),
  gate('abstentions are no part of the threshold', { threshold: twoThirds }, votes(2, 1, 6), APPROVED),
  gate('one no breaks unanimity', { variant: 'unanimous' }, votes(9, 1), REJECTED),
  gate('abstentions do not', { variant: 'unanimous' }, votes(1, 0, 3), APPROVED),
  gate('count multiplies weight', {}, heavy, { ...APPROVED, detail: { yes: 6, no: 5, voters: 4, counted: 11 } }),
  gate('three of five are no two thirds', { quorum: twoThirds }, votes(3, 0), without('no-quorum'), {
    eligibleWeight: 5,
  }),
  gate('four of five are', { quorum: twoThirds }, votes(4, 0), APPROVED, { eligibleWeight: 5 }),
  gate('abstentions are present', { quorum: twoThirds }, votes(2, 0, 2), APPROVED, { eligibleWeight: 5 }),
  gate('but no voters', { quorum: twoThirds, minVoters: 3 }, votes(1, 0, 4), without('no-quorum'), {
    eligibleWeight: 5,
  }),
  gate('abstentions alone decide nothing', {}, votes(0, 0, 5), without('no-quorum')),
  gate('nobody decides nothing', {}, [], without('no-quorum')),
];

const election = (
  says: string,
  rule: object,
  options: string,
  ballots: readonly object[],
  answer: object,
): Counted => ({
  says,
  sent: { options: [...options], rule, ballots },
  answer,
});
/** By which B beats A 49:31, A beats C 51:41 and C beats B 62:51: each variant finds another link the weakest. */
const threeWays = ranked({ AB: 32, AC: 21, 'A>B': 1, 'C>A': 9, 'B>A': 18, 'C>B': 31, C: 1 });
const fortyFive = ranked({
  ...{ 'A>C>B>E>D': 5, 'A>D>E>C>B': 5, 'B>E>D>A>C': 8, 'C>A>B>E>D': 3 },
  ...{ 'C>A>E>B>D': 7, 'C>B>A>D>E': 2, 'D>C>E>B>A': 7, 'E>B>A>D>C': 8 },
});
const tennessee = ranked({ 'M>N>C>K': 42, 'N>C>K>M': 26, 'C>K>N>M': 15, 'K>C>N>M': 17 });
const circle = ranked({ 'A>B>C': 1, 'B>C>A': 1, 'C>A>B': 1 });
const one = (winner: string, ...others: string[]) => ({ ranking: [[winner], ...others.map((tier) => [...tier])] });

const elections: readonly Counted[] = [
  election('plurality', { method: 'plurality' }, 'AB', [{ choice: 'A', count: 2 }, { choice: 'B' }], decided('A')),
  election('plurality ties', { method: 'plurality' }, 'AB', [{ choice: 'A' }, { choice: 'B' }], tied('A', 'B')),
  election(
    'plurality below its threshold',
    { method: 'plurality', threshold: twoThirds },
    'ABC',
    [{ choice: 'A', count: 3 }, { choice: 'B' }, { choice: 'C' }],
    without('below-threshold'),
  ),
  election(
    'approval',
    { method: 'approval', threshold: twoThirds },
    'AB',
    [{ approve: ['A', 'B'] }, { approve: ['B'] }, { approve: [] }],
    decided('B', { detail: { scores: { A: 1, B: 2 }, present: 3, counted: 3, voters: 3 } }),
  ),
  election('borda', { method: 'borda' }, 'MNCK', tennessee, decided('N', { ranking: [['N'], ['C'], ['M'], ['K']] })),
  election(
    'borda: unranked options share the last places',
    { method: 'borda' },
    'ABC',
    [one('A')],
    decided('A', { detail: { doubledScores: { A: 4, B: 1, C: 1 }, present: 1, counted: 1, voters: 1 } }),
  ),
  election('irv', { method: 'irv' }, 'MNCK', tennessee, decided('K')),
  election('irv: the union over all tie orders', { method: 'irv' }, 'ABC', circle, tied('A', 'B', 'C')),
  election('schulze', { method: 'schulze' }, 'ABCDE', fortyFive, decided('E', one('E', 'A', 'C', 'B', 'D'))),
  election('schulze is winning votes', { method: 'schulze' }, 'ABC', threeWays, decided('A')),
  election('schulze winning', { method: 'schulze', variant: 'winning' }, 'ABC', threeWays, decided('A')),
  election('schulze margin', { method: 'schulze', variant: 'margin' }, 'ABC', threeWays, decided('C')),
  election('schulze ratio', { method: 'schulze', variant: 'ratio' }, 'ABC', threeWays, decided('B')),
  election('schulze ties', { method: 'schulze' }, 'ABC', circle, tied('A', 'B', 'C')),
  election('schulze: unranked is tied last', { method: 'schulze' }, 'ABC', [one('A')], decided('A', one('A', 'BC'))),
  election(
    'schulze below the threshold against the status quo',
    { method: 'schulze', statusQuo: 'S', threshold: twoThirds },
    'ABS',
    ranked({ 'A>B>S': 3, 'S>A>B': 2 }),
    without('below-threshold'),
  ),
  election(
    'schulze at it',
    { method: 'schulze', statusQuo: 'S', threshold: twoThirds },
    'ABS',
    ranked({ 'A>B>S': 4, 'S>A>B': 2 }),
    decided('A'),
  ),
  election('ranked-pairs', { method: 'ranked-pairs' }, 'ABCDE', fortyFive, decided('A')),
  election('ranked-pairs margin', { method: 'ranked-pairs', variant: 'margin' }, 'MNCK', tennessee, decided('N')),
  election('ranked-pairs: the union', { method: 'ranked-pairs' }, 'ABC', circle, tied('A', 'B', 'C')),
  election(
    'score is the lower median',
    { method: 'score' },
    'AB',
    [{ score: { A: 10 } }, { score: { A: 10, B: 4 } }, { score: { B: 5 } }, { score: { B: 6 } }],
    decided('B', { detail: { scores: { A: 0, B: 4 }, present: 4, counted: 4, voters: 4 } }),
  ),
  election(
    'score by sum',
    { method: 'score', variant: 'sum' },
    'AB',
    [
      { score: { A: 10 }, weight: 2 },
      { score: { B: 6 }, count: 3 },
    ],
    decided('A', { detail: { scores: { A: 20, B: 18 }, present: 5, counted: 5, voters: 4 } }),
  ),
  election(
    'score by lower-median ties',
    { method: 'score', variant: 'lower-median' },
    'AB',
    [{ score: {} }],
    tied('A', 'B'),
  ),
  election('an abstention fits', { method: 'irv' }, 'AB', [one('B'), { vote: 'abstain', count: 9 }], decided('B')),
  election(
    'too few voters',
    { method: 'borda', minVoters: 2 },
    'AB',
    [{ ...one('B'), weight: 9 }],
    without('no-quorum'),
  ),
];

export const countedTallies: readonly Counted[] = [...gates, ...elections];

const malformed = (reason: string, sent: object): Refused => ({
  ...{ says: reason, sent: { options: ['A', 'B'], ballots: [], ...sent } },
  ...{ status: 400, code: 'consensus.tally.malformed', reason },
});
const invalid = (says: string, sent: unknown): Refused => ({ says, sent, status: 400, code: 'request.invalid' });
const asking = (method: string, ballots: readonly object[] = [], more: object = {}) => ({
  ...{ options: ['A', 'B'], rule: { method }, ballots },
  ...more,
});
const names = (count: number, length = 0) => Array.from({ length: count }, (_, n) => `o${n}`.padEnd(length, '本'));

/** Each method with the ballots that are foreign to it. */
const shapes = {
  vote: { vote: 'yes' },
  choice: { choice: 'A' },
  approve: { approve: ['A'] },
  ranking: { ranking: [['A']] },
  score: { score: { A: 1 } },
};
const reads = {
  ...{ 'approval-gate': 'vote', plurality: 'choice', approval: 'approve', borda: 'ranking', irv: 'ranking' },
  ...{ schulze: 'ranking', 'ranked-pairs': 'ranking', score: 'score' },
};
const foreign = Object.entries(reads).flatMap(([method, member]) =>
  Object.entries(shapes).flatMap(([said, ballot]) =>
    said === member ? [] : [malformed('ballot-foreign', asking(method, [ballot]))],
  ),
);

/** Sixty options in sixty shifted orders: more ties than are followed. */
const tangle = names(60).map((_, by) => ({ ranking: names(60).map((_, place) => [`o${(7 * place + by) % 60}`]) }));
/** Every option has another score, so that each drops out in a round of its own. */
const manyRounds = Array.from({ length: 7 }, (_, bit) => ({
  ranking: [names(100, 100).filter((_, n) => (n >> bit) & 1)],
  weight: 2 ** bit,
}));

export const refusedTallies: readonly Refused[] = [
  ...foreign,
  malformed('ballot-foreign', asking('borda', [{}])),
  malformed('ballot-foreign', asking('borda', [{ ranking: [['A']], vote: 'yes' }])),
  malformed('quorum-needs-eligible-weight', { rule: { method: 'borda', quorum: half } }),
  malformed('quorum-range', { rule: { method: 'borda', quorum: { num: 3, den: 2 } }, eligibleWeight: 1 }),
  malformed('threshold-range', { rule: { method: 'plurality', threshold: { num: 0, den: 2 } } }),
  ...['borda', 'irv', 'schulze', 'score'].map((method) =>
    malformed('threshold-foreign', { rule: { method, threshold: half } }),
  ),
  malformed('threshold-foreign', { rule: { method: 'approval-gate', variant: 'unanimous', threshold: half } }),
  ...['approval-gate', 'plurality', 'approval', 'borda', 'irv', 'score'].map((method) =>
    malformed('variant-foreign', { rule: { method, variant: 'margin' } }),
  ),
  malformed('variant-foreign', { rule: { method: 'schulze', variant: 'sum' } }),
  ...['approval-gate', 'plurality', 'approval', 'borda', 'irv', 'score'].map((method) =>
    malformed('status-quo-foreign', { rule: { method, statusQuo: 'A' } }),
  ),
  malformed('status-quo-unknown', { rule: { method: 'schulze', statusQuo: 'X' } }),
  malformed('option-duplicate', { rule: { method: 'borda' }, options: ['A', 'A'] }),
  malformed('option-unknown', asking('plurality', [{ choice: 'X' }])),
  malformed('option-unknown', asking('score', [{ score: { X: 1 } }])),
  malformed('option-repeated', asking('schulze', [{ ranking: [['A'], ['A']] }])),
  malformed('option-repeated', asking('approval', [{ approve: ['A', 'A'] }])),
  malformed('eligible-weight-exceeded', asking('borda', [{ ranking: [], weight: 2 }], { eligibleWeight: 1 })),
  malformed(
    'weight-overflow',
    asking(
      'plurality',
      names(10).map(() => ({ choice: 'A', weight: 1e6, count: 1e6 })),
    ),
  ),
  invalid('no method of ours', asking('dictator')),
  invalid('no options', asking('borda', [], { options: [] })),
  invalid('too many options', asking('borda', [], { options: names(101) })),
  invalid(
    'too many ballots',
    asking(
      'plurality',
      names(10_001).map(() => ({ choice: 'A' })),
    ),
  ),
  invalid('a weight of a half', asking('plurality', [{ choice: 'A', weight: 0.5 }])),
  invalid('a weight of nothing', asking('plurality', [{ choice: 'A', weight: 0 }])),
  invalid('a weight in words', asking('plurality', [{ choice: 'A', weight: '1' }])),
  invalid('a count below one', asking('plurality', [{ choice: 'A', count: -1 }])),
  invalid('a grade that is no integer', asking('score', [{ score: { A: 0.5 } }])),
  invalid('a grade beyond the highest', asking('score', [{ score: { A: 1_001 } }])),
  invalid('an empty tier', asking('borda', [{ ranking: [[]] }])),
  invalid(
    'a share of zero parts',
    asking('plurality', [], { rule: { method: 'plurality', threshold: { num: 1, den: 0 } } }),
  ),
  invalid('an unknown member', asking('borda', [], { colour: 'red' })),
  invalid('no ballots', { options: ['A'], rule: { method: 'borda' } }),
  invalid('a list', []),
  {
    ...{ says: 'too many tie orders', status: 422, code: 'consensus.tally.too-tied' },
    sent: { options: names(60), rule: { method: 'irv' }, ballots: tangle },
  },
  {
    ...{ says: 'a result beyond a message', status: 422, code: 'consensus.tally.too-large' },
    sent: { options: names(100, 100), rule: { method: 'irv' }, ballots: manyRounds },
  },
];
