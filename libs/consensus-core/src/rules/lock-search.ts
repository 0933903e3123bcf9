/**
 * Which options can win by ranked pairs when equally strong victories may be locked in any order.
 *
 * One search per option that may win. Per tier of equal strength, what an order locks is a maximal set without a cycle,
 * and each such set has an order. So a victory on no cycle is locked without a choice; for another there are two ways,
 * with it or without it, and without it something must turn it round. What keeps ordinary profiles far from the bound:
 * options that lack the paths to win are not searched for; a state is given up when an option that beats the candidate
 * can no longer be brought below it; what was locked after a tier and failed is remembered.
 * Invariant: the answer is a function of the contest; a candidate nobody beats always wins.
 */
import { LIMITS } from '../primitives.js';

/** A victory of the first over the second, by their places in the list of options. */
export type Victory = readonly [number, number];

/** Victories, those of equal strength together, the strongest first. */
export interface Contest {
  readonly size: number;
  readonly tiers: readonly (readonly Victory[])[];
  /** Who may win: against each victory over them they have a path that is as strong. */
  readonly candidates: readonly number[];
}

/** What is locked, transitively: per option the bits of all options below it. */
export type Locked = readonly bigint[];

export const unlocked = (size: number): Locked => new Array<bigint>(size).fill(0n);
const bit = (option: number): bigint => 1n << BigInt(option);
const holds = (options: bigint, option: number): boolean => ((options >> BigInt(option)) & 1n) === 1n;
export const isAbove = (locked: Locked, [a, b]: Victory): boolean => holds(locked[a]!, b);

export function lock(locked: Locked, [a, b]: Victory): Locked {
  const gained = locked[b]! | bit(b);
  return locked.map((below, option) => (option === a || holds(below, a) ? below | gained : below));
}

interface Forced {
  readonly locked: Locked;
  readonly open: readonly Victory[];
  readonly steps: number;
}

/** Locks the victories of a tier that are on no cycle with the others and with what is locked; the others stay open. */
export function lockForced(tier: readonly Victory[], before: Locked): Forced {
  let locked = before;
  let steps = tier.length;
  const unsettled = (victory: Victory) => !isAbove(locked, victory) && !isAbove(locked, [victory[1], victory[0]]);
  const possible = tier.filter(unsettled);
  const hull = possible.length > 1 ? hullOf(locked, possible) : locked;
  if (possible.length > 1) steps += before.length ** 2;
  for (const victory of possible) {
    if (isAbove(hull, [victory[1], victory[0]]) || isAbove(locked, victory)) continue;
    locked = lock(locked, victory);
    steps += before.length;
  }
  return { locked, open: possible.filter(unsettled), steps };
}

/** Who could be above whom if cycles were no matter. */
function hullOf(locked: Locked, victories: readonly Victory[]): Locked {
  const hull = [...locked];
  for (const [a, b] of victories) hull[a]! |= bit(b);
  for (let via = 0; via < hull.length; via++) {
    for (let option = 0; option < hull.length; option++) {
      if (holds(hull[option]!, via)) hull[option]! |= hull[via]!;
    }
  }
  return hull;
}

/** The options that win in some order; undefined when there are more orders than the steps suffice to follow. */
export function winnersOf(contest: Contest, tieSteps: number = LIMITS.tieSteps): number[] | undefined {
  const [only, ...others] = contest.candidates;
  if (others.length === 0) return [only!];
  const work = { steps: tieSteps };
  const winners = contest.candidates.filter((candidate) => new Search(contest, candidate, work).wins());
  return work.steps < 0 ? undefined : winners;
}

/** Looks for an order in which nothing is locked above the candidate. */
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
    return this.fromTier(0, unlocked(this.contest.size));
  }

  private fromTier(at: number, locked: Locked): boolean {
    const tier = this.contest.tiers[at];
    if (!tier || this.isSafe(locked)) return true;
    const state = `${at}:${locked.join()}`;
    if (this.failed.has(state)) return false;
    const without = new Set(tier.filter(([, beaten]) => beaten === this.candidate));
    if (this.within(at, locked, without)) return true;
    this.failed.add(state);
    return false;
  }

  /** Whether nobody who beats the candidate can get above it any more. */
  private isSafe(locked: Locked): boolean {
    return (this.rivals & ~locked[this.candidate]!) === 0n;
  }

  /** Settles a tier; the victories `without` must be turned round. */
  private within(at: number, before: Locked, without: ReadonlySet<Victory>): boolean {
    const tier = this.contest.tiers[at]!;
    if (this.work.steps < 0) return false;
    const allowed = tier.filter((victory) => !without.has(victory));
    const { locked, open, steps } = lockForced(allowed, before);
    this.work.steps -= steps;
    if (this.isSafe(locked)) return true;
    if ([...without].some((victory) => isAbove(locked, victory))) return false;
    const turned = ([a, b]: Victory) => isAbove(locked, [b, a]);
    if (open.length === 0) return [...without].every(turned) && this.fromTier(at + 1, locked);
    if (this.isHopeless(at, locked, open)) return false;
    const next = this.mostUseful(open, locked);
    return this.within(at, lock(locked, next), without) || this.within(at, locked, new Set([...without, next]));
  }

  /** Whether somebody beats the candidate whom it could not be above by then, whatever is locked from here on. */
  private isHopeless(at: number, locked: Locked, open: readonly Victory[]): boolean {
    const { candidate } = this;
    const { tiers } = this.contest;
    const ways = [...locked];
    for (let tier = at; tier < tiers.length; tier++) {
      this.work.steps -= tiers[tier]!.length;
      for (const [a, b] of tier === at ? open : tiers[tier]!) {
        if (b !== candidate && !isAbove(locked, [b, a])) ways[a]! |= bit(b);
      }
      const over = tiers[tier]!.filter(([a, b]) => b === candidate && !isAbove(locked, [candidate, a]));
      if (over.length === 0) continue;
      this.work.steps -= this.contest.size;
      const within = reachFrom(candidate, ways);
      if (over.some(([rival]) => !holds(within, rival))) return true;
    }
    return false;
  }

  /** A victory that puts the candidate above somebody new, if there is one. */
  private mostUseful(open: readonly Victory[], locked: Locked): Victory {
    const below = locked[this.candidate]! | bit(this.candidate);
    return open.find(([a, b]) => holds(below, a) && !holds(below, b)) ?? open[0]!;
  }
}

function reachFrom(start: number, ways: readonly bigint[]): bigint {
  let reached = bit(start);
  const queue = [start];
  for (let option = queue.pop(); option !== undefined; option = queue.pop()) {
    const added = ways[option]! & ~reached;
    reached |= added;
    for (let place = 0; place < ways.length; place++) if (holds(added, place)) queue.push(place);
  }
  return reached;
}
