/**
 * ranked-pairs: pairwise victories are locked in from the strongest to the weakest, leaving out each that would close a
 * cycle with those already locked; an option wins when nothing is locked above it.
 *
 * Source: T. N. Tideman, "Independence of Clones as a Criterion for Voting Rules" (1987); strength as in `pairwise.ts`.
 * Equally strong victories could be locked in any order, so every order counts (parallel universes): winners are all who
 * win in one. The ranking repeats this among the options that are left, which without ties is the order locked in
 * (the rule is locally independent of irrelevant alternatives).
 *
 * The union is NP-hard to compute (M. Brill, F. Fischer, "The Price of Neutrality for the Ranked Pairs Method", 2012),
 * hence a bound. What keeps ordinary profiles far from it: an option is only searched for when its paths allow it to win;
 * victories on no cycle of their own strength are locked without a choice; closures that failed are remembered.
 * Invariant: a Condorcet winner wins alone.
 */
import { LIMITS } from '../primitives.js';
import {
  beatsStatusQuo,
  levelsOf,
  linksOf,
  orderOf,
  pairwise,
  pairwiseContradiction,
  widen,
  type Matrix,
} from './pairwise.js';
import { tooTied, type Count, type Rule } from './rule.js';

export const rankedPairs: Rule = {
  reads: 'ranking',
  contradiction: pairwiseContradiction,
  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, parameters, ballots): Count {
    const matrix = pairwise(options, ballots);
    const { places } = levelsOf(linksOf(matrix), orderOf(parameters));
    const work = { steps: LIMITS.tieSteps };
    const ranking: string[][] = [];
    let left = options.map((_, place) => place);
    while (left.length > 0) {
      const contest = contestOf(left, matrix, places);
      const best = contest.candidates.filter((candidate) => new Search(contest, candidate, work).wins());
      if (work.steps < 0) return tooTied(options);
      ranking.push(best.map((index) => options[left[index]!]!));
      left = left.filter((_, index) => !best.includes(index));
    }
    return {
      winners: ranking[0]!.filter((winner) => beatsStatusQuo(winner, options, parameters, matrix)),
      ranking,
      detail: { matrix, ...explanationOf(contestOf([...options.keys()], matrix, places)) },
    };
  },
};

/** A victory of the first over the second, by their index in the contest. */
type Victory = readonly [number, number];

/** The victories among some of the options, those of equal strength together, the strongest first. */
interface Contest {
  readonly size: number;
  readonly tiers: readonly (readonly Victory[])[];
  /** Who may win: against each victory over them they have a path that is as strong. */
  readonly candidates: readonly number[];
}

function contestOf(left: readonly number[], matrix: Matrix, places: Matrix): Contest {
  const strength = left.map((a) => left.map((b) => places[a]![b]!));
  const isVictory = (a: number, b: number) => matrix[left[a]!]![left[b]!]! > matrix[left[b]!]![left[a]!]!;
  const byStrength = new Map<number, Victory[]>();
  for (const a of left.keys()) {
    for (const b of left.keys()) {
      if (!isVictory(a, b)) continue;
      const tier = byStrength.get(strength[a]![b]!);
      if (tier) tier.push([a, b]);
      else byStrength.set(strength[a]![b]!, [[a, b]]);
    }
  }
  const paths = widen(strength.map((row) => [...row]));
  return {
    size: left.length,
    tiers: [...byStrength].sort(([a], [b]) => b - a).map(([, tier]) => tier),
    candidates: [...left.keys()].filter((a) =>
      left.every((_, b) => !isVictory(b, a) || paths[a]![b]! >= strength[b]![a]!),
    ),
  };
}

/** What is locked, transitively: `above[a]` has the bit of every option below a. */
type Locked = readonly bigint[];

const bit = (option: number): bigint => 1n << BigInt(option);
const isAbove = (locked: Locked, [a, b]: Victory): boolean => (locked[a]! & bit(b)) !== 0n;

function lock(locked: Locked, [a, b]: Victory): Locked {
  const gained = locked[b]! | bit(b);
  return locked.map((below, option) => (option === a || (below & bit(a)) !== 0n ? below | gained : below));
}

/** Looks for an order of equal victories in which nothing is locked above the candidate. */
class Search {
  private readonly failed = new Set<string>();
  private readonly rivals: bigint;

  constructor(
    private readonly contest: Contest,
    private readonly candidate: number,
    private readonly work: { steps: number },
  ) {
    const over = contest.tiers.flat().filter(([, beaten]) => beaten === candidate);
    this.rivals = over.reduce((mask, [rival]) => mask | bit(rival), 0n);
  }

  wins(): boolean {
    return this.from(0, new Array<bigint>(this.contest.size).fill(0n));
  }

  /** From a tier on, with what is locked so far. */
  private from(start: number, soFar: Locked): boolean {
    let locked = soFar;
    for (let at = start; at < this.contest.tiers.length; at++) {
      if (this.isSafe(locked)) return true;
      const forced = this.forced(this.contest.tiers[at]!, locked);
      if (!forced || this.work.steps < 0) return false;
      locked = forced.locked;
      if (forced.open.length > 0) return this.isSafe(locked) || this.choose(at, locked, forced.open);
    }
    return true;
  }

  /** Whether no victory over the candidate can be locked any more, because it is above all who have one. */
  private isSafe(locked: Locked): boolean {
    return (this.rivals & ~locked[this.candidate]!) === 0n;
  }

  /** Locks what every order of the tier locks; nothing when that puts somebody above the candidate. */
  private forced(tier: readonly Victory[], before: Locked): { locked: Locked; open: Victory[] } | undefined {
    let locked = before;
    const open = () => tier.filter(([a, b]) => !isAbove(locked, [a, b]) && !isAbove(locked, [b, a]));
    const possible = open();
    const hull = possible.length > 1 ? this.hullOf(locked, possible) : locked;
    for (const victory of possible) {
      const [a, b] = victory;
      if (isAbove(hull, [b, a])) continue;
      if (b === this.candidate) return undefined;
      this.work.steps -= this.contest.size;
      if (!isAbove(locked, victory)) locked = lock(locked, victory);
    }
    return { locked, open: open() };
  }

  /** Who could be above whom if cycles were no matter: a victory that this turns round is on a cycle. */
  private hullOf(locked: Locked, victories: readonly Victory[]): Locked {
    this.work.steps -= this.contest.size ** 2;
    const hull = [...locked];
    for (const [a, b] of victories) hull[a]! |= bit(b);
    for (let via = 0; via < hull.length; via++) {
      for (let option = 0; option < hull.length; option++) {
        if ((hull[option]! & bit(via)) !== 0n) hull[option]! |= hull[via]!;
      }
    }
    return hull;
  }

  /** Tries each victory next, those first that put the candidate above more. */
  private choose(tier: number, locked: Locked, open: readonly Victory[]): boolean {
    const state = `${tier}:${locked.join()}`;
    if (this.failed.has(state)) return false;
    const below = locked[this.candidate]! | bit(this.candidate);
    const extendsReach = ([a, b]: Victory) => (below & bit(a)) !== 0n && (below & bit(b)) === 0n;
    const ways = open.filter(([, beaten]) => beaten !== this.candidate);
    for (const victory of [...ways.filter(extendsReach), ...ways.filter((way) => !extendsReach(way))]) {
      if (this.from(tier, lock(locked, victory))) return true;
      if (this.work.steps < 0) return false;
    }
    this.failed.add(state);
    return false;
  }
}

/** One universe, in which equal victories are locked in the order in which the decision lists the options. */
function explanationOf({ size, tiers }: Contest) {
  let above: Locked = new Array<bigint>(size).fill(0n);
  const locked: [number, number][] = [];
  const skipped: [number, number][] = [];
  for (const [a, b] of tiers.flat()) {
    if (isAbove(above, [b, a])) skipped.push([a, b]);
    else {
      locked.push([a, b]);
      if (!isAbove(above, [a, b])) above = lock(above, [a, b]);
    }
  }
  return { locked, skipped };
}
