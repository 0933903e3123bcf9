/**
 * The line difference of two texts: patience anchors first, Myers' greedy algorithm (1986) in the gaps between them.
 *
 * Written here rather than read from `git diff` so that the same two blobs give the same hunks under every Git version,
 * configuration and attribute file, and in a browser. Invariant: applying the hunks to `before` gives `after`.
 */
import type { Hunk } from '../change.js';

/** Myers' search is given up beyond this many edits in one gap; the gap then counts as replaced. */
const maxEdits = 400;

/** Splits at `\n`; the `\n` that ends the text opens no further line. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Hunks without context, top to bottom; a side that does not exist is an empty text. */
export function diffLines(before: string, after: string): Hunk[] {
  const old = linesOf(before);
  const now = linesOf(after);
  const [a, b] = interned(old, now);
  const partner = matchedLines(a, b);
  const hunks: Hunk[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const [startOld, startNew] = [i, j];
    while (i < old.length && partner[i] === -1) i++;
    const end = i < old.length ? (partner[i] ?? now.length) : now.length;
    j = end;
    if (i > startOld || j > startNew) {
      const removed = old.slice(startOld, i);
      const added = now.slice(startNew, j);
      hunks.push({
        oldStart: removed.length ? startOld + 1 : startOld,
        oldLines: removed.length,
        newStart: added.length ? startNew + 1 : startNew,
        newLines: added.length,
        removed,
        added,
      });
    }
    if (i < old.length) {
      i++;
      j++;
    }
  }
  return hunks;
}

/** The text after a change with one of its hunks taken back; the end of the file keeps the newline it has. */
export function withoutHunk(after: string, hunk: Hunk): string {
  const lines = after.split('\n');
  lines.splice(hunk.newLines ? hunk.newStart - 1 : hunk.newStart, hunk.newLines, ...hunk.removed);
  return lines.join('\n');
}

function interned(old: readonly string[], now: readonly string[]): [Int32Array, Int32Array] {
  const ids = new Map<string, number>();
  const number = (line: string): number => {
    const known = ids.get(line);
    if (known !== undefined) return known;
    ids.set(line, ids.size);
    return ids.size - 1;
  };
  return [Int32Array.from(old, number), Int32Array.from(now, number)];
}

/** A rectangle of both sequences still to be matched, ends exclusive. */
type Gap = readonly [a0: number, a1: number, b0: number, b1: number];

/** For each line of `a` the line of `b` it survives as, or -1. */
function matchedLines(a: Int32Array, b: Int32Array): Int32Array {
  const partner = new Int32Array(a.length).fill(-1);
  const gaps: Gap[] = [[0, a.length, 0, b.length]];
  for (let gap = gaps.pop(); gap; gap = gaps.pop()) {
    let [a0, a1, b0, b1] = gap;
    while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) partner[a0++] = b0++;
    while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) partner[--a1] = --b1;
    if (a0 === a1 || b0 === b1) continue;
    const anchors = patienceAnchors(a, b, [a0, a1, b0, b1]);
    if (anchors.length === 0) {
      for (const [i, j] of myersMatches(a, b, [a0, a1, b0, b1])) partner[i] = j;
      continue;
    }
    for (const [i, j] of [...anchors, [a1, b1] as const]) {
      gaps.push([a0, i, b0, j]);
      if (i < a1) partner[i] = j;
      [a0, b0] = [i + 1, j + 1];
    }
  }
  return partner;
}

/** Lines that occur once on each side, in the longest order common to both. */
function patienceAnchors(a: Int32Array, b: Int32Array, [a0, a1, b0, b1]: Gap): (readonly [number, number])[] {
  const inA = positionsOfUnique(a, a0, a1);
  const inB = positionsOfUnique(b, b0, b1);
  const tails: { i: number; j: number; before: number }[] = [];
  const nodes: typeof tails = [];
  const tops: number[] = [];
  for (const [line, i] of inA) {
    const j = inB.get(line);
    if (i < 0 || j === undefined || j < 0) continue;
    let low = 0;
    for (let high = tails.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((tails[middle]?.j ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    const node = { i, j, before: low > 0 ? (tops[low - 1] ?? -1) : -1 };
    tails[low] = node;
    tops[low] = nodes.push(node) - 1;
  }
  const anchors: (readonly [number, number])[] = [];
  for (let at = tops.at(-1) ?? -1; at >= 0; at = nodes[at]?.before ?? -1) {
    const node = nodes[at];
    if (node) anchors.push([node.i, node.j]);
  }
  return anchors.reverse();
}

/** Position of each line in the range, negative when it occurs more than once; in order of first occurrence. */
function positionsOfUnique(lines: Int32Array, from: number, to: number): Map<number, number> {
  const seen = new Map<number, number>();
  for (let at = from; at < to; at++) {
    const line = lines[at] ?? -1;
    seen.set(line, seen.has(line) ? -1 : at);
  }
  return seen;
}

/** Matches of a shortest edit script within the gap; none when it needs more than `maxEdits` edits. */
function myersMatches(a: Int32Array, b: Int32Array, [a0, a1, b0, b1]: Gap): (readonly [number, number])[] {
  const n = a1 - a0;
  const m = b1 - b0;
  const limit = Math.min(n + m, maxEdits);
  const reach = new Int32Array(2 * limit + 3);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= limit; d++) {
    trace.push(reach.slice(limit + 1 - d, limit + 2 + d));
    for (let k = -d; k <= d; k += 2) {
      const at = limit + 1 + k;
      const down = k === -d || (k !== d && (reach[at - 1] ?? 0) < (reach[at + 1] ?? 0));
      let x = down ? (reach[at + 1] ?? 0) : (reach[at - 1] ?? 0) + 1;
      while (x < n && x - k < m && a[a0 + x] === b[b0 + x - k]) x++;
      reach[at] = x;
      if (x >= n && x - k >= m) return backtrack(trace, n, m).map(([i, j]) => [a0 + i, b0 + j] as const);
    }
  }
  return [];
}

function backtrack(trace: readonly Int32Array[], n: number, m: number): (readonly [number, number])[] {
  const matches: (readonly [number, number])[] = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d >= 0; d--) {
    const before = trace[d] ?? new Int32Array();
    const reached = (k: number): number => before[k + d] ?? 0;
    const k = x - y;
    const down = k === -d || (k !== d && reached(k - 1) < reached(k + 1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = d === 0 ? 0 : reached(previousK);
    const previousY = d === 0 ? 0 : previousX - previousK;
    while (x > previousX && y > previousY) matches.push([--x, --y]);
    [x, y] = [previousX, previousY];
  }
  return matches.reverse();
}
