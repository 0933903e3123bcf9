/**
 * Blocks the change adds that stand elsewhere too, in the change or in a file it touches.
 *
 * Lines compare with names and literals masked, so that a copy with renamed variables is found; two blocks count as
 * copies when at least `minSameWords` of their words are the same all the same, so that mere idiom does not.
 */
import type { Finding } from '../check.js';
import { addedLines, type FileView, productLines } from '../source/introduced.js';

const blockLines = 8;
const minSameWords = 0.7;
/** Tables and field lists repeat one line; a block must be more than that. */
const minDistinctLines = 5;
const maxPlacesPerBlock = 50;

interface Line {
  view: FileView;
  number: number;
  words: string[];
  masked: string;
  isNew: boolean;
}

/** One finding per copied block, at its first added line. */
export function duplications(views: readonly FileView[]): Finding[] {
  const files = views.map((view) => solidLines(view));
  const places = new Map<string, Line[][]>();
  for (const lines of files) {
    for (let at = 0; at + blockLines <= lines.length; at++) {
      const block = lines.slice(at, at + blockLines);
      if (!isTelling(block)) continue;
      const key = block.map(({ masked }) => masked).join('\n');
      const known = places.get(key) ?? [];
      if (known.length < maxPlacesPerBlock) places.set(key, [...known, block]);
    }
  }
  const findings: Finding[] = [];
  for (const lines of files) findings.push(...copiesIn(lines, places));
  return findings;
}

/** Walks a file's blocks; overlapping copies grow into one, told where its last line is known. */
function copiesIn(lines: readonly Line[], places: ReadonlyMap<string, Line[][]>): Finding[] {
  const findings: Finding[] = [];
  for (let at = 0; at + blockLines <= lines.length; at++) {
    const origin = originOf(lines.slice(at, at + blockLines), places);
    const first = lines[at];
    if (!origin || !first) continue;
    let last = at + blockLines;
    while (last < lines.length && originOf(lines.slice(last - blockLines + 1, last + 1), places)) last++;
    const where = origin.view === first.view ? `line ${origin.number}` : `${origin.view.path}:${origin.number}`;
    const message = `${last - at} lines repeat what stands at ${where}: let one piece of code serve both`;
    findings.push({
      path: first.view.path,
      line: first.number,
      rule: 'duplicated-block',
      severity: 'warning',
      message,
    });
    at = last - 1;
  }
  return findings;
}

/** Where an added block comes from: an older place, or one that comes earlier in the order of files and lines. */
function originOf(block: readonly Line[], places: ReadonlyMap<string, Line[][]>): Line | undefined {
  const first = block[0];
  if (!first || !block.every(({ isNew }) => isNew) || !isTelling(block)) return undefined;
  const others = places.get(block.map(({ masked }) => masked).join('\n')) ?? [];
  const origin = others.find(
    ([other]) => other && isApart(other, first) && comesFirst(other, first) && sameWords(block, others, other),
  );
  return origin?.[0];
}

const isApart = (a: Line, b: Line): boolean => a.view !== b.view || Math.abs(a.number - b.number) >= blockLines;

const comesFirst = (a: Line, b: Line): boolean =>
  !a.isNew || (a.view === b.view ? a.number < b.number : a.view.path < b.view.path);

function sameWords(block: readonly Line[], places: readonly Line[][], start: Line): boolean {
  const other = places.find(([first]) => first === start) ?? [];
  const pairs = block.flatMap(({ words }, at) => words.map((word, i) => word === other[at]?.words[i]));
  return pairs.filter(Boolean).length >= pairs.length * minSameWords;
}

const isTelling = (block: readonly Line[]): boolean =>
  new Set(block.map(({ masked }) => masked)).size >= minDistinctLines;

const boilerplate =
  /^\s*(?:import\b|from\b.*\bimport\b|using\b|use\b|#include\b|require\b|package\b|export\s+(?:\*|\{)|@\w+\s*$|\}\s*from\b)/;

/** Lines with something to say, in order: no blanks, brackets, imports or comments. */
function solidLines(view: FileView): Line[] {
  const introduced = new Set(addedLines(view).map(({ number }) => number));
  return productLines(view).flatMap(({ text, code }, at) => {
    const words = code.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
    if (words.length < 1 || code.replace(/\W/g, '').length < 4 || boilerplate.test(text)) return [];
    const masked = code
      .trim()
      .replace(/[\p{L}_$][\p{L}\p{N}_$]*/gu, (word) => (keywords.has(word) ? word : 'n'))
      .replace(/\d[\w.]*/g, '0')
      .replace(/\s+/g, '');
    return [{ view, number: at + 1, words, masked, isNew: introduced.has(at + 1) }];
  });
}

const keywords = new Set(
  'if else elif for while do switch case match return break continue try catch except finally throw raise new await async yield function def func fn class struct let const var in of not and or is None null true false True False nil self this'.split(
    ' ',
  ),
);
