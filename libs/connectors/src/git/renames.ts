/**
 * Pairs deleted with added files that are the same file under another name.
 *
 * Equal object ids pair first; then texts that share at least half of their lines, best match first. Computed here so
 * that it does not depend on `diff.renames` or on a Git version; beyond `maxPairs` comparisons only equal ids pair.
 */
import { linesOf } from '@conclave/checks';

const maxPairs = 40_000;
const minSimilarity = 0.5;

/** One side of a possible rename. */
export interface RenameSide {
  path: string;
  id: string;
  mode: string;
  text?: string;
}

/** The old side of each new path that is a rename. */
export function pairRenames(deleted: readonly RenameSide[], added: readonly RenameSide[]): Map<string, RenameSide> {
  const pairs = new Map<string, RenameSide>();
  const taken = new Set<RenameSide>();
  const pair = (from: RenameSide, to: RenameSide): void => {
    pairs.set(to.path, from);
    taken.add(from);
  };
  const comparable = (from: RenameSide, to: RenameSide): boolean => from.mode.slice(0, 3) === to.mode.slice(0, 3);
  for (const to of added) {
    const same = deleted.filter((from) => from.id === to.id && !taken.has(from) && comparable(from, to));
    const from = same.find((one) => nameOf(one.path) === nameOf(to.path)) ?? same[0];
    if (from) pair(from, to);
  }
  const oldTexts = deleted.filter((from) => from.text && !taken.has(from));
  const newTexts = added.filter((to) => to.text && !pairs.has(to.path));
  if (oldTexts.length * newTexts.length > maxPairs) return pairs;
  const bags = new Map([...oldTexts, ...newTexts].map((side) => [side, bagOf(side.text ?? '')]));
  const likely = oldTexts
    .flatMap((from) => newTexts.map((to) => ({ from, to, share: similarity(bags.get(from), bags.get(to)) })))
    .filter(({ from, to, share }) => share >= minSimilarity && comparable(from, to))
    .sort((a, b) => b.share - a.share || order(a.to.path, b.to.path) || order(a.from.path, b.from.path));
  for (const { from, to } of likely) if (!taken.has(from) && !pairs.has(to.path)) pair(from, to);
  return pairs;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Bag {
  counts: Map<string, number>;
  size: number;
}

/** Lines that say something: blank ones and lone braces are alike everywhere. */
function bagOf(text: string): Bag {
  const lines = linesOf(text)
    .map((line) => line.trim())
    .filter((line) => /\w/.test(line));
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return { counts, size: lines.length };
}

/** Shared lines over the longer text; two texts without a word share nothing. */
function similarity(a: Bag | undefined, b: Bag | undefined): number {
  if (!a || !b || Math.min(a.size, b.size) < minSimilarity * Math.max(a.size, b.size, 1)) return 0;
  let shared = 0;
  for (const [line, count] of a.counts) shared += Math.min(count, b.counts.get(line) ?? 0);
  return shared / Math.max(a.size, b.size);
}
