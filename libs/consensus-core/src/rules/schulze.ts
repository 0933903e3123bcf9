/**
 * Schulze: an option wins when no other has a stronger path of pairwise preferences to it than back.
 *
 * Source: M. Schulze, "The Schulze Method of Voting", arXiv:1804.02973, section 2.1 (link orders), 2.2 (winners).
 * `winning` (default): more votes for, then fewer against. `margin`: for minus against. `ratio`: for over against.
 * Options a ballot leaves out are tied last. With a `statusQuo`, a winner must also be preferred to it by a majority
 * and by the threshold where one is set (Debian's default option); if none is, nothing wins.
 * Invariants: a Condorcet winner wins alone; "beats" is transitive, so there is always a winner and the tiers (what
 * nobody left beats, again and again) hold every option once. Cost: ballots·options² + options³.
 */
import { reaches, type Count, type Rule, type RuleParameters, type Weighted } from './rule.js';

/** How one option stands against another: weight for and weight against. */
interface Link {
  readonly for: number;
  readonly against: number;
}
type Order = (a: Link, b: Link) => number;

export const schulze: Rule = {
  reads: 'ranking',

  contradiction({ variant, threshold, statusQuo }) {
    if (variant !== undefined && !Object.hasOwn(orders, variant)) return 'variant-foreign';
    return threshold && statusQuo === undefined ? 'threshold-foreign' : undefined;
  },

  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, parameters, ballots): Count {
    const matrix = pairwise(options, ballots);
    const links = matrix.map((row, a) => row.map((votes, b): Link => ({ for: votes, against: matrix[b]![a]! })));
    const { levels, paths } = strongestPaths(links, orders[variantOf(parameters)]);
    const ranking = tiers(options, (a, b) => paths[a]![b]! > paths[b]![a]!);
    return {
      winners: ranking[0]!.filter((winner) => beatsStatusQuo(winner, options, parameters, matrix)),
      ranking,
      detail: {
        matrix,
        /** Per pair the weakest link [for, against] of the strongest path. */
        paths: paths.map((row) => row.map((level) => [levels[level]!.for, levels[level]!.against])),
      },
    };
  },
};

const direction = (link: Link): number => Math.sign(link.for - link.against);

/** The link orders of the paper; a won link is stronger than a tied one, a tied one than a lost one. */
const orders = {
  winning: (a, b) => {
    if (direction(a) !== direction(b)) return direction(a) - direction(b);
    if (direction(a) === 0) return 0;
    return direction(a) > 0 ? a.for - b.for || b.against - a.against : b.against - a.against || a.for - b.for;
  },
  margin: (a, b) => a.for - a.against - (b.for - b.against),
  ratio: (a, b) => {
    if (direction(a) !== direction(b)) return direction(a) - direction(b);
    const left = BigInt(a.for) * BigInt(b.against);
    const right = BigInt(b.for) * BigInt(a.against);
    if (left !== right) return left > right ? 1 : -1;
    if (direction(a) === 0) return 0;
    return a.for === 0 ? b.against - a.against : a.against === 0 ? a.for - b.for : 0;
  },
} as const satisfies Record<string, Order>;

function variantOf({ variant }: RuleParameters): keyof typeof orders {
  return variant === 'margin' || variant === 'ratio' ? variant : 'winning';
}

/** `matrix[a][b]` = weight of the ballots that rank option a above option b. */
function pairwise(options: readonly string[], ballots: readonly Weighted[]): number[][] {
  const matrix = options.map(() => new Array<number>(options.length).fill(0));
  const places = new Map(options.map((option, place) => [option, place]));
  for (const { ballot, weight } of ballots) {
    const tierOf = new Array<number>(options.length).fill(Number.POSITIVE_INFINITY);
    ballot.ranking?.forEach((tier, depth) => tier.forEach((option) => (tierOf[places.get(option)!] = depth)));
    for (let a = 0; a < options.length; a++) {
      const row = matrix[a]!;
      for (let b = 0; b < options.length; b++) if (tierOf[a]! < tierOf[b]!) row[b]! += weight;
    }
  }
  return matrix;
}

/** Widest paths (Floyd and Warshall) over link strengths, which are replaced by their place in the order. */
function strongestPaths(links: readonly (readonly Link[])[], order: Order) {
  const sorted = links.flat().sort(order);
  const levels = sorted.filter((link, place) => place === 0 || order(sorted[place - 1]!, link) !== 0);
  const levelOf = (link: Link) => lowestNotBelow(levels, link, order);
  const paths = links.map((row) => row.map(levelOf));
  for (let via = 0; via < paths.length; via++) {
    for (let from = 0; from < paths.length; from++) {
      if (from === via) continue;
      const row = paths[from]!;
      const first = row[via]!;
      for (let to = 0; to < paths.length; to++) {
        const joined = Math.min(first, paths[via]![to]!);
        if (to !== from && to !== via && joined > row[to]!) row[to] = joined;
      }
    }
  }
  return { levels, paths };
}

function lowestNotBelow(levels: readonly Link[], link: Link, order: Order): number {
  let low = 0;
  let high = levels.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(levels[middle]!, link) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function tiers(options: readonly string[], beats: (a: number, b: number) => boolean): string[][] {
  const found: string[][] = [];
  let left = options.map((_, place) => place);
  while (left.length > 0) {
    const best = left.filter((option) => !left.some((rival) => beats(rival, option)));
    found.push(best.map((place) => options[place]!));
    left = left.filter((option) => !best.includes(option));
  }
  return found;
}

function beatsStatusQuo(
  winner: string,
  options: readonly string[],
  { statusQuo, threshold }: RuleParameters,
  matrix: readonly (readonly number[])[],
): boolean {
  if (statusQuo === undefined || winner === statusQuo) return true;
  const [a, b] = [options.indexOf(winner), options.indexOf(statusQuo)];
  const [won, lost] = [matrix[a]![b]!, matrix[b]![a]!];
  return won > lost && (!threshold || reaches(won, won + lost, threshold));
}
