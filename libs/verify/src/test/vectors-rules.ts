/** Vectors of every rule: plain counts, ties, thresholds, and tallies with more tie orders than are followed. */
import type { Said } from '@conclave/consensus-core';
import { abstains, ranks, whole } from './stories.js';
import type { Vector, Workshop } from './workshop.js';

type Votes = readonly (readonly [said: Said, weight?: number])[];
const options = (...ids: string[]) => ids.map((id) => ({ id, title: `Proposal ${id}` }));
const choice = (id: string) => ({ choice: id });
const approve = (...ids: string[]) => ({ approve: ids });
const tiers = (...ranking: string[][]) => ({ ranking });
const letters = (text: string) => ranks(...text);
const weak = [abstains] as const;

export async function ruleVectors(workshop: Workshop): Promise<Vector[]> {
  const is = async (name: string, what: string, rule: object, votes: Votes, ids = ['a', 'b', 'c']) => {
    const names = votes.map((_, at) => `voter ${String(at + 1).padStart(2, '0')}`);
    const told = await workshop.course(
      { options: options(...ids), rule: rule as never },
      Object.fromEntries(names.map((voter, at) => [voter, { weight: votes[at]![1] ?? 1 }])),
    );
    for (const [at, [said]] of votes.entries()) await told.cast(names[at]!, said, said.vote ? 'No view.' : '');
    return whole(workshop, name, what, await told.end());
  };
  return [
    ...(await ofShares(is)),
    ...(await ofBorda(is)),
    ...(await ofRunoffs(is)),
    ...(await ofPairs(is)),
    ...(await ofOthers(is)),
  ];
}

type Is = (name: string, what: string, rule: object, votes: Votes, ids?: string[]) => Promise<Vector>;

async function ofShares(is: Is): Promise<Vector[]> {
  const third = { num: 1, den: 3 };
  return [
    await is('plurality', 'the most chosen', { method: 'plurality' }, [[choice('b'), 2], [choice('a')], weak]),
    await is('plurality-tied', 'two options chosen as often', { method: 'plurality' }, [[choice('c')], [choice('a')]]),
    await is('plurality-threshold-met', 'a third is enough', { method: 'plurality', threshold: third }, [
      [choice('b')],
      [choice('b')],
      ...['a', 'c', 'a', 'c'].map((id): [Said] => [choice(id)]),
    ]),
    await is('plurality-threshold-missed', 'less than half', { method: 'plurality', threshold: { num: 1, den: 2 } }, [
      [choice('b'), 49],
      [choice('a'), 48],
      [choice('c'), 2],
    ]),
    await is('approval', 'the most approved of; one ballot approves of nothing', { method: 'approval' }, [
      [approve('a', 'b')],
      [approve('b', 'c')],
      [approve()],
    ]),
    await is('approval-tied', 'all approved of as often', { method: 'approval' }, [[approve('c', 'b', 'a')]]),
    await is('approval-nothing', 'nobody approves of anything', { method: 'approval' }, [[approve()], [approve()]]),
    await is(
      'approval-threshold-missed',
      'a ballot that approves of nothing counts against it',
      { method: 'approval', threshold: { num: 2, den: 3 } },
      [[approve('a')], [approve()]],
    ),
    await is('approval-threshold-met', 'an exact share', { method: 'approval', threshold: { num: 2, den: 3 } }, [
      [approve('a'), 2],
      [approve()],
    ]),
  ];
}

async function ofBorda(is: Is): Promise<Vector[]> {
  return [
    await is('borda', 'points by rank', { method: 'borda' }, [[letters('abc'), 3], [letters('bca'), 2], weak]),
    await is(
      'borda-ties',
      'options of one tier share points, those left out are last together',
      { method: 'borda' },
      [[tiers(['b', 'a'])], [tiers(['c'], ['a', 'd'])], [tiers()]],
      ['a', 'b', 'c', 'd'],
    ),
    await is('borda-tied', 'two options of as many points', { method: 'borda' }, [[letters('ab')], [letters('ba')]]),
  ];
}

const tennessee: Votes = [
  [letters('abcd'), 42],
  [letters('bcda'), 26],
  [letters('cdba'), 15],
  [letters('dcba'), 17],
];
const four = ['a', 'b', 'c', 'd'];
const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `o${at}`);

async function ofRunoffs(is: Is): Promise<Vector[]> {
  return [
    await is('irv', 'the last drops out, again and again', { method: 'irv' }, tennessee, four),
    await is('irv-equal-ranks', 'equal choices count in full, short ballots run out', { method: 'irv' }, [
      [tiers(['a', 'b']), 2],
      [tiers(['c'])],
      [tiers(['b'], ['c'])],
      [tiers()],
    ]),
    await is('irv-tied', 'another winner in another order of dropping', { method: 'irv' }, [
      [letters('ab')],
      [letters('ba')],
      [letters('cab')],
    ]),
    await is('irv-tie-without-effect', 'one winner in every order of dropping', { method: 'irv' }, [
      [letters('a'), 4],
      [letters('bac')],
      [letters('cab')],
    ]),
    await is(
      'irv-nobodys-first',
      'options nobody puts first drop out together',
      { method: 'irv' },
      [[letters('ab')], [letters('ac')]],
      ['a', 'b', 'c', 'd', 'e'],
    ),
    await is('irv-all-tied', 'nobody ranks anybody', { method: 'irv' }, [[tiers()], [tiers(['c', 'b', 'a'])]]),
    await is(
      'irv-deep',
      'six options and ties in many rounds',
      { method: 'irv' },
      [
        [letters('fed'), 2],
        [letters('abf'), 2],
        [letters('cbe'), 1],
        [letters('dca'), 1],
        [letters('eab'), 2],
        [letters('bcf'), 1],
      ],
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ),
    await is(
      'irv-too-tied',
      'more orders of dropping than are followed: tied, and nobody wins',
      { method: 'irv' },
      [[tiers(many(100))]],
      many(100),
    ),
    await is(
      'irv-too-tied-majority',
      'more orders than are followed, and a majority for one option',
      { method: 'irv' },
      [[tiers(many(40))], [ranks('o3', 'o4'), 2]],
      many(40),
    ),
  ];
}

async function ofPairs(is: Is): Promise<Vector[]> {
  const cycle: Votes = [
    [letters('abc'), 40],
    [letters('bca'), 35],
    [letters('cab'), 25],
  ];
  const partial: Votes = [[tiers(['a']), 5], [tiers(['b', 'c']), 4], [tiers(['c'], ['b']), 3], weak];
  const ranked = (more = {}) => ({ method: 'ranked-pairs', ...more });
  const even: Votes = [[letters('abcd')], [letters('bcda')], [letters('cdab')], [letters('dabc')]];
  return [
    await is('ranked-pairs', 'the weakest victory of a cycle is left out', ranked(), cycle),
    await is('ranked-pairs-tennessee', 'a winner over everybody', ranked(), tennessee, four),
    await is('ranked-pairs-winning', 'strength by winning votes', ranked({ variant: 'winning' }), partial),
    await is('ranked-pairs-margin', 'strength by margin', ranked({ variant: 'margin' }), partial),
    await is('ranked-pairs-ratio', 'strength by ratio', ranked({ variant: 'ratio' }), partial),
    await is('ranked-pairs-tied', 'a cycle of equal victories: everybody wins in some order', ranked(), [
      [letters('abc')],
      [letters('bca')],
      [letters('cab')],
    ]),
    await is('ranked-pairs-four-tied', 'two cycles of equal victories', ranked(), even, four),
    await is(
      'ranked-pairs-some',
      'ties that leave some options no order to win in',
      ranked({ variant: 'margin' }),
      [[letters('abcde'), 2], [letters('bcdea')], [letters('cadeb')], [letters('dbeac')]],
      ['a', 'b', 'c', 'd', 'e'],
    ),
    await is('ranked-pairs-nobody', 'no victories at all', ranked(), [[tiers(['a', 'b', 'c'])]]),
    await is(
      'ranked-pairs-status-quo',
      'a winner must beat what stays by 2/3, and does',
      ranked({ statusQuo: 'c', threshold: { num: 2, den: 3 } }),
      [
        [letters('abc'), 4],
        [letters('cab'), 2],
      ],
    ),
    await is(
      'ranked-pairs-below',
      'a winner must beat what stays by 2/3, and does not',
      ranked({ statusQuo: 'c', threshold: { num: 2, den: 3 } }),
      [
        [letters('abc'), 3],
        [letters('cab'), 2],
      ],
    ),
    await is(
      'ranked-pairs-too-tied',
      'more orders of equal victories than are followed: tied, and nobody wins',
      ranked(),
      tournament(),
      knot,
    ),
  ];
}

async function ofOthers(is: Is): Promise<Vector[]> {
  return [
    await is(
      'schulze-tiers',
      'a ranking of several tiers, with ties inside',
      { method: 'schulze' },
      [
        [letters('abcd'), 3],
        [letters('dabc'), 2],
        [letters('cdab'), 2],
      ],
      four,
    ),
    await is('schulze-nobody', 'no ballot prefers anything', { method: 'schulze' }, [[tiers()]]),
    await is('score-all', 'grades at both ends, a tie below the winner', { method: 'score', variant: 'lower-median' }, [
      [{ score: { a: 1_000, b: 0, c: 0 } }, 3],
      [{ score: { a: 5 } }, 2],
      [{ score: {} }, 2],
    ]),
    await is('score-even', 'half of the weight on each side: the lower grade', { method: 'score' }, [
      [{ score: { a: 8, b: 3 } }],
      [{ score: { a: 2, b: 3 } }],
    ]),
    await is(
      'gate-quorum-exact',
      'abstentions fill the quorum exactly, and fewer voters than demanded said yes or no',
      { method: 'approval-gate', quorum: { num: 2, den: 4 }, minVoters: 2 },
      [[{ vote: 'yes' }], weak],
    ),
  ];
}

/** Three voters and 53 options, with so many equal victories on cycles that the search gives up. */
const knot = many(53);
function tournament(): Votes {
  return [1, 2, 48].map((step, by) => [ranks(...knot.map((_, at) => knot[(at * step + by * 7) % knot.length]!))]);
}
