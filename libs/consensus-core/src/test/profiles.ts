/** Profiles for properties: weak and truncated rankings with small counts, so that ties are common. */
import fc from 'fast-check';

export interface Ranked {
  ranking: string[][];
  count: number;
}

export function profiles(options: string, maxLength = 8): fc.Arbitrary<Ranked[]> {
  const ranking = fc
    .tuple(fc.shuffledSubarray([...options], { minLength: 0 }), fc.infiniteStream(fc.boolean()))
    .map(([order, joins]) => {
      const tiers: string[][] = [];
      for (const option of order) {
        const join = joins.next().value as boolean;
        if (join && tiers.length > 0) tiers.at(-1)!.push(option);
        else tiers.push([option]);
      }
      return tiers;
    });
  const ballot: fc.Arbitrary<Ranked> = fc.record({ ranking, count: fc.integer({ min: 1, max: 4 }) });
  return fc.array(ballot, { minLength: 1, maxLength });
}

export function withoutOption(ranking: readonly string[][], option: string): string[][] {
  return ranking.map((tier) => tier.filter((other) => other !== option)).filter((tier) => tier.length > 0);
}

/** C replaced by C and its clone c: before it, after it, or equal to it; an unranked C has an unranked clone. */
export function withClone(ranking: readonly string[][], side: number): string[][] {
  return ranking.flatMap((tier) => {
    if (!tier.includes('C')) return [tier];
    if (side === 0 || tier.length > 1) return [[...tier, 'c']];
    return side === 1 ? [['C'], ['c']] : [['c'], ['C']];
  });
}

/** The smallest non-empty set whose members beat everybody outside it. */
export function smithSet(letters: string, matrix: readonly (readonly number[])[]): string[] {
  const options = [...letters];
  const dominates = (set: number[]) =>
    set.every((a) => options.every((_, b) => set.includes(b) || matrix[a]![b]! > matrix[b]![a]!));
  const sets = Array.from({ length: 2 ** options.length - 1 }, (_, mask) =>
    options.flatMap((_, place) => (((mask + 1) >> place) & 1 ? [place] : [])),
  );
  const smallest = sets.filter(dominates).sort((a, b) => a.length - b.length)[0]!;
  return smallest.map((place) => options[place]!);
}
