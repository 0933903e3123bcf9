/**
 * irv: the option that fewest ballots put first drops out, again and again; the last one left wins.
 *
 * A ballot counts for the best option left on it, and in full for each of them where it ranks several equally
 * (Approval-IRV: T. Delemazure and D. Peters, "Generalizing Instant Runoff Voting to Allow for Indifferences",
 * arXiv:2404.11407, the one generalisation that clones do not move). A ballot that tells no more between the options
 * left is exhausted; counting it for all of them would change nothing.
 *
 * Where several share the last place, every order of dropping them is followed (parallel universes): winners are all who
 * win in one. An option ranks by how far it gets in the best of its universes. States that were seen are not searched
 * again; options nobody puts first drop out together, as their order tells on nothing. The search has a bound, because
 * the union is NP-hard to compute (V. Conitzer, M. Rognlie, L. Xia, "Preference Functions that Score Rankings", 2009).
 * Beyond it only a majority winner is told, with everybody else in one tier.
 * Invariant: a winner that more than half of the counted weight puts first, alone, wins alone. Not monotone.
 */
import { LIMITS } from '../primitives.js';
import { bareContradiction, tiersBy, tooTied, type Count, type Rule, type Weighted } from './rule.js';

export const irv: Rule = {
  reads: 'ranking',
  contradiction: bareContradiction,
  named: (ballot) => (ballot.ranking ?? []).flat(),

  count(options, _parameters, ballots, tieSteps = LIMITS.tieSteps): Count {
    const papers = papersOf(options, ballots);
    const reached = furthest(options.length, papers, tieSteps) ?? majorityAlone(options.length, papers);
    if (!reached) return tooTied(options);
    const places = new Map(options.map((option, place) => [option, place]));
    const ranking = tiersBy(options, (option) => -reached[places.get(option)!]!);
    return { winners: ranking[0]!, ranking, detail: { rounds: roundsOf(options, papers) } };
  },
};

/** Equal ballots together: tiers of places in the list of options. */
interface Paper {
  readonly tiers: readonly (readonly number[])[];
  readonly weight: number;
}

function papersOf(options: readonly string[], ballots: readonly Weighted[]): Paper[] {
  const places = new Map(options.map((option, place) => [option, place]));
  const papers = new Map<string, { tiers: number[][]; weight: number }>();
  for (const { ballot, weight } of ballots) {
    const tiers = (ballot.ranking ?? []).map((tier) => tier.map((option) => places.get(option)!).sort((a, b) => a - b));
    const key = tiers.join('|');
    const paper = papers.get(key);
    if (paper) paper.weight += weight;
    else papers.set(key, { tiers, weight });
  }
  return [...papers.values()];
}

/** Who is still in: a flag per option. */
type Left = Uint8Array;

interface Standing {
  readonly scores: Float64Array;
  readonly exhausted: number;
  /** How many tiers had to be looked at. */
  readonly steps: number;
}

function scoresOf(left: Left, papers: readonly Paper[]): Standing {
  const scores = new Float64Array(left.length);
  let exhausted = 0;
  let steps = 0;
  for (const { tiers, weight } of papers) {
    let found = false;
    for (let depth = 0; depth < tiers.length && !found; depth++) {
      steps++;
      for (const option of tiers[depth]!) {
        if (!left[option]) continue;
        scores[option]! += weight;
        found = true;
      }
    }
    if (!found) exhausted += weight;
  }
  return { scores, exhausted, steps };
}

function lowestOf(left: Left, scores: Float64Array): number[] {
  let least = Number.POSITIVE_INFINITY;
  let lowest: number[] = [];
  for (let option = 0; option < left.length; option++) {
    if (!left[option] || scores[option]! > least) continue;
    if (scores[option]! < least) lowest = [];
    least = scores[option]!;
    lowest.push(option);
  }
  return lowest;
}

function without(left: Left, options: readonly number[]): Left {
  const rest = left.slice();
  for (const option of options) rest[option] = 0;
  return rest;
}

/**
 * Per option the least number of options it is left among in any universe, 1 for those who win; undefined beyond the
 * bound. States are visited by their number of options left, so each is seen once, when all ways to it are known.
 */
function furthest(count: number, papers: readonly Paper[], tieSteps: number): number[] | undefined {
  const reached = new Array<number>(count).fill(count);
  const bySize = Array.from({ length: count + 1 }, () => new Map<string, Left>());
  const everybody = new Uint8Array(count).fill(1);
  bySize[count]!.set(everybody.join(''), everybody);
  let work = tieSteps;
  for (let size = count; size > 0; size--) {
    let universes = 0;
    for (const left of bySize[size]!.values()) {
      const { scores, steps } = scoresOf(left, papers);
      const lowest = lowestOf(left, scores);
      if (universes++ > 0 && (work -= steps + count * lowest.length) < 0) return undefined;
      const together = scores[lowest[0]!] === 0;
      const last = together ? size - lowest.length + 1 : size;
      for (const option of lowest) reached[option] = Math.min(reached[option]!, last);
      if (last === 1) continue;
      for (const dropped of together ? [lowest] : lowest.map((option) => [option])) {
        const rest = without(left, dropped);
        bySize[size - dropped.length]!.set(rest.join(''), rest);
      }
    }
    bySize[size]!.clear();
  }
  return reached;
}

/** Who more than half of the weight puts first, alone, wins in every universe; nobody tells how far the others get. */
function majorityAlone(count: number, papers: readonly Paper[]): number[] | undefined {
  const whole = papers.reduce((sum, { weight }) => sum + weight, 0);
  const firsts = new Array<number>(count).fill(0);
  for (const { tiers, weight } of papers) {
    const [first] = tiers;
    if (first?.length === 1) firsts[first[0]!]! += weight;
  }
  return firsts.some((votes) => 2 * votes > whole) ? firsts.map((votes) => (2 * votes > whole ? 1 : 2)) : undefined;
}

/** The explanation: one universe, in which of several lowest the one that the decision lists last drops out first. */
function roundsOf(options: readonly string[], papers: readonly Paper[]) {
  const rounds = [];
  const name = (places: readonly number[]) => places.map((place) => options[place]!);
  let left: Left = new Uint8Array(options.length).fill(1);
  let size = options.length;
  for (;;) {
    const { scores, exhausted } = scoresOf(left, papers);
    const lowest = lowestOf(left, scores);
    const still = options.flatMap((option, place) => (left[place] ? [[option, scores[place]!] as const] : []));
    const round = { scores: Object.fromEntries(still), exhausted };
    const dropped = scores[lowest[0]!] === 0 ? lowest : lowest.slice(-1);
    if (dropped.length === size) return [...rounds, round];
    left = without(left, dropped);
    size -= dropped.length;
    rounds.push({
      ...round,
      ...{ lowest: name(lowest), dropped: name(dropped) },
      transfers: gainsOf(options, left, scores, scoresOf(left, papers).scores),
    });
  }
}

function gainsOf(options: readonly string[], left: Left, before: Float64Array, after: Float64Array) {
  return Object.fromEntries(
    options.flatMap((option, place) => {
      const gain = after[place]! - before[place]!;
      return left[place] && gain > 0 ? [[option, gain] as const] : [];
    }),
  );
}
