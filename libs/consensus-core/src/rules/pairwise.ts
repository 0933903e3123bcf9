/**
 * Options two by two: who is preferred to whom, by how much, and which of two preferences is the stronger one.
 *
 * Source: M. Schulze, "The Schulze Method of Voting", arXiv:1804.02973, section 2.1 (link orders).
 * `winning` (default): more votes for, then fewer against. `margin`: for minus against. `ratio`: for over against.
 * Options a ballot leaves out are tied last; tied options are not preferred to each other.
 * With a `statusQuo`, a winner must also be preferred to it by a majority, and by the threshold where one is set
 * (Debian's default option); if none is, nothing wins. Cost of the matrix: ballots·options².
 */
import { reaches, type RuleParameters, type TallyFault, type Weighted } from './rule.js';

/** How one option stands against another: weight for and weight against. */
export interface Link {
  readonly for: number;
  readonly against: number;
}
export type Order = (a: Link, b: Link) => number;
/** `matrix[a][b]` = weight of the ballots that rank option a above option b. */
export type Matrix = readonly (readonly number[])[];

export const direction = (link: Link): number => Math.sign(link.for - link.against);

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

/** The order of strength a rule asks for. */
export function orderOf({ variant }: RuleParameters): Order {
  return variant === 'margin' || variant === 'ratio' ? orders[variant] : orders.winning;
}

/** Parameters that make no sense where options are compared two by two. */
export function pairwiseContradiction({ variant, threshold, statusQuo }: RuleParameters): TallyFault | undefined {
  if (variant !== undefined && !Object.hasOwn(orders, variant)) return 'variant-foreign';
  return threshold && statusQuo === undefined ? 'threshold-foreign' : undefined;
}

/** Counts every ballot for every pair. */
export function pairwise(options: readonly string[], ballots: readonly Weighted[]): number[][] {
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

/** Every pair, seen from each side. */
export function linksOf(matrix: Matrix): Link[][] {
  return matrix.map((row, a) => row.map((votes, b): Link => ({ for: votes, against: matrix[b]![a]! })));
}

/** Links replaced by their place in the order of strength, the strongest highest; equal links have equal places. */
export function levelsOf(links: readonly (readonly Link[])[], order: Order): { levels: Link[]; places: number[][] } {
  const sorted = links.flat().sort(order);
  const levels = sorted.filter((link, place) => place === 0 || order(sorted[place - 1]!, link) !== 0);
  return { levels, places: links.map((row) => row.map((link) => lowestNotBelow(levels, link, order))) };
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

/** Widest paths (Floyd and Warshall): the weakest place on the strongest path between two options. Changes `paths`. */
export function widen(paths: number[][]): number[][] {
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
  return paths;
}

/** Whether an option may win although there is one that stays when nothing beats it. */
export function beatsStatusQuo(
  winner: string,
  options: readonly string[],
  { statusQuo, threshold }: RuleParameters,
  matrix: Matrix,
): boolean {
  if (statusQuo === undefined || winner === statusQuo) return true;
  const [a, b] = [options.indexOf(winner), options.indexOf(statusQuo)];
  const [won, lost] = [matrix[a]![b]!, matrix[b]![a]!];
  return won > lost && (!threshold || reaches(won, won + lost, threshold));
}
