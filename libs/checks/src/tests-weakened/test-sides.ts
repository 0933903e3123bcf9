/** The tests of a change on both sides, matched by name. */
import type { Change } from '../change.js';
import { isFixture, isGenerated, isTestFile } from '../source/file-kind.js';
import { type FileView, squeezed, survivorOf, textFiles } from '../source/introduced.js';
import type { LexedLine } from '../source/lexer.js';
import { type TestCase, testCases } from './test-cases.js';

/** A test with the file it stands in. */
export interface PlacedCase extends TestCase {
  view: FileView;
  body: readonly LexedLine[];
}

/** A test that both sides have, be it in another file. */
export interface MatchedCase {
  before: PlacedCase;
  after: PlacedCase;
}

export interface TestSides {
  views: FileView[];
  before: PlacedCase[];
  after: PlacedCase[];
  matched: MatchedCase[];
  /** Cases (not suites) only base has. */
  lost: PlacedCase[];
  /** Cases only head has. */
  gained: PlacedCase[];
}

/** Files that hold tests: by name, and Rust files with tests inside. */
export function testViews(change: Change): FileView[] {
  return textFiles(change, (path) => !isGenerated(path)).filter(
    ({ path, language, before, after, file }) =>
      ((isTestFile(path) || isTestFile(file.oldPath ?? path)) && !(isFixture(path) && !isTestName(path))) ||
      (language === 'rust' && [...before, ...after].some(({ code }) => code.includes('#[cfg(test)]'))),
  );
}

/** Fixtures are data unless their own name says test. */
const isTestName = (path: string): boolean => isTestFile(path.slice(path.lastIndexOf('/') + 1));

export function testSides(change: Change): TestSides {
  const views = testViews(change);
  const before = views.flatMap((view) => placed(view, view.before));
  const after = views.flatMap((view) => placed(view, view.after));
  const matched: MatchedCase[] = [];
  const free = new Map<string, PlacedCase[]>();
  for (const one of after) free.set(one.name, [...(free.get(one.name) ?? []), one]);
  const lost = before.filter((one) => {
    const candidates = free.get(one.name) ?? [];
    const partner =
      candidates.find(({ view, isSuite }) => view === one.view && isSuite === one.isSuite) ?? candidates[0];
    if (!partner) return !one.isSuite;
    matched.push({ before: one, after: partner });
    candidates.splice(candidates.indexOf(partner), 1);
    return false;
  });
  const gained = [...free.values()].flat().filter(({ isSuite }) => !isSuite);
  return { views, before, after, matched, lost, gained };
}

function placed(view: FileView, lines: readonly LexedLine[]): PlacedCase[] {
  return testCases(lines, view.language).map((one) => ({ ...one, view, body: lines.slice(one.from - 1, one.last) }));
}

/** The innermost case around a line of its side. */
export function caseAround(cases: readonly PlacedCase[], view: FileView, line: number): PlacedCase | undefined {
  return cases.findLast((one) => one.view === view && one.from <= line && line <= one.last && !one.isSuite);
}

/** The head line nearest to a line of base. */
export function headLineOf(view: FileView, oldLine: number): number {
  let shift = 0;
  for (const hunk of view.file.hunks) {
    const start = hunk.oldLines ? hunk.oldStart : hunk.oldStart + 1;
    if (oldLine < start) break;
    if (oldLine < start + hunk.oldLines) return survivorOf(hunk, view.after.length);
    shift += hunk.newLines - hunk.oldLines;
  }
  return Math.max(1, Math.min(oldLine + shift, view.after.length));
}

/** Share of words two texts have in common (Jaccard), 0 to 1. */
export function likeness(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => new Set(text.toLowerCase().match(/[a-z]+|\d+/g) ?? []));
  if (!one?.size || !other?.size) return 0;
  const shared = [...one].filter((word) => other.has(word)).length;
  return shared / (one.size + other.size - shared);
}

/** Share of the lines of one body that the other has too. */
export function sharedLines(a: readonly LexedLine[], b: readonly LexedLine[]): number {
  const lines = (body: readonly LexedLine[]): string[] =>
    body.map(({ text }) => squeezed(text)).filter((text) => text.length > 4);
  const inB = new Set(lines(b));
  const inA = lines(a).slice(1);
  return inA.length ? inA.filter((line) => inB.has(line)).length / inA.length : 0;
}
