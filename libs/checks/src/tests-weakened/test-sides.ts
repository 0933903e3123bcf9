/** The tests of a change on both sides, matched by name. */
import type { Change } from '../change.js';
import { isFixture, isGenerated, isTestFile } from '../source/file-kind.js';
import { type FileView, squeezed, survivorOf, textFiles } from '../source/introduced.js';
import { languageOf } from '../source/language.js';
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
      isTestPath(path, file.oldPath) ||
      (language === 'rust' && [...before, ...after].some(({ code }) => code.includes('#[cfg(test)]'))),
  );
}

const isTestPath = (path: string, oldPath = path): boolean =>
  (isTestFile(path) || isTestFile(oldPath)) && !(isFixture(path) && !isTestName(path));

/** Whether tests may stand in a file that nobody opened. */
export const mayHoldTests = (path: string, oldPath?: string): boolean =>
  !isGenerated(path) && (isTestPath(path, oldPath) || languageOf(path) === 'rust');

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

/** Tells the innermost case around a line of one side. */
export function casesByLine(cases: readonly PlacedCase[]): (view: FileView, line: number) => PlacedCase | undefined {
  const byView = new Map<FileView, PlacedCase[]>();
  for (const one of cases) {
    if (one.isSuite) continue;
    const lines = byView.get(one.view) ?? [];
    byView.set(one.view, lines);
    for (let line = one.from; line <= one.last; line++) lines[line] = one;
  }
  return (view, line) => byView.get(view)?.[line];
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

/** The distinct words of a text, as `likeness` compares them. */
export const wordsIn = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z]+|\d+/g) ?? []);

/** Share of words two texts have in common (Jaccard), 0 to 1. */
export function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  if (!one.size || !other.size) return 0;
  let shared = 0;
  for (const word of one) if (other.has(word)) shared++;
  return shared / (one.size + other.size - shared);
}

/** The telling lines of a body, as `sharedLines` compares them; the first is the header. */
export function tellingLines(body: readonly LexedLine[]): { list: readonly string[]; set: ReadonlySet<string> } {
  const list = body.map(({ text }) => squeezed(text)).filter((text) => text.length > 4);
  return { list: list.slice(1), set: new Set(list) };
}

/** Share of the lines of one body that the other has too. */
export function sharedLines(a: ReturnType<typeof tellingLines>, b: ReturnType<typeof tellingLines>): number {
  return a.list.length ? a.list.filter((line) => b.set.has(line)).length / a.list.length : 0;
}
