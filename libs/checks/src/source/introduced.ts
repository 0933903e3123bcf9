/**
 * What a change introduces, as opposed to what it only moves.
 *
 * A check names occurrences by a signature; one that was removed anywhere in the same change pays for one that was
 * added. So a fault that is moved, reindented or renamed along with its file is not new, and one that is copied is.
 */
import type { Change, FileChange, Hunk } from '../change.js';
import { type Language, languageOf } from './language.js';
import { type LexedLine, lex } from './lexer.js';

/** A changed file read on both sides. */
export interface FileView {
  file: FileChange;
  /** The path a finding points at. */
  path: string;
  language: Language | undefined;
  before: LexedLine[];
  after: LexedLine[];
}

/** A line that one side has and the other has not. */
export interface TouchedLine extends LexedLine {
  view: FileView;
  /** Its number on its own side. */
  number: number;
  /** The head line to point at: itself when added, its nearest survivor when removed. */
  line: number;
}

const regularFile = /^100/;
const views = new WeakMap<FileChange, FileView>();

/** The file on both sides, lexed once. */
export function viewOf(file: FileChange): FileView {
  const known = views.get(file);
  if (known) return known;
  const language = languageOf(file.path);
  const view: FileView = {
    file,
    path: file.path,
    language,
    before: lex(file.before ?? '', languageOf(file.oldPath ?? file.path)),
    after: lex(file.after ?? '', language),
  };
  views.set(file, view);
  return view;
}

/** Every changed file whose text was read, symlinks and submodules aside, narrowed by path. */
export function textFiles(change: Change, wanted: (path: string) => boolean = () => true): FileView[] {
  return change.files
    .filter((file) => wanted(file.path) && (regularFile.test(file.newMode) || regularFile.test(file.oldMode)))
    .filter((file) => file.before !== undefined || file.after !== undefined)
    .map(viewOf);
}

/** The lines of head that ship: Rust keeps its tests in the same file, below `#[cfg(test)]`. */
export function productLines({ language, after }: FileView): LexedLine[] {
  const tests = language === 'rust' ? after.findIndex(({ code }) => /#\[cfg\(test\)\]/.test(code)) : -1;
  return tests < 0 ? after : after.slice(0, tests);
}

const blank: LexedLine = { text: '', code: '', comment: '' };

/** The head line nearest to where a hunk took lines away. */
export const survivorOf = (hunk: Hunk, headLines: number): number => Math.max(1, Math.min(hunk.newStart, headLines));

/** Lines head has and base has not. */
export function addedLines(view: FileView): TouchedLine[] {
  return view.file.hunks.flatMap((hunk) =>
    hunk.added.map((_, at) => {
      const number = hunk.newStart + at;
      return { ...(view.after[number - 1] ?? blank), view, number, line: number };
    }),
  );
}

/** Lines base had and head has not. */
export function removedLines(view: FileView): TouchedLine[] {
  return view.file.hunks.flatMap((hunk) =>
    hunk.removed.map((_, at) => {
      const number = hunk.oldStart + at;
      const line = survivorOf(hunk, view.after.length);
      return { ...(view.before[number - 1] ?? blank), view, number, line };
    }),
  );
}

/** Something found on a line; equal signatures are the same thing. */
export interface Occurrence {
  path: string;
  signature: string;
}

/** What is left of both sides once each removed occurrence has paid for an equal added one, in the same file first. */
export function net<T extends Occurrence>(added: readonly T[], removed: readonly T[]): { added: T[]; removed: T[] } {
  const inFile = (one: Occurrence): string => `${one.path}\0${one.signature}`;
  const same = cancel(added, removed, inFile);
  return cancel(same.added, same.removed, (one) => one.signature);
}

function cancel<T>(added: readonly T[], removed: readonly T[], key: (one: T) => string): { added: T[]; removed: T[] } {
  const paid = cancelled(added, removed, key);
  return { added: without(added, paid, key), removed: without(removed, paid, key) };
}

/** How many of each key stand on both sides. */
function cancelled<T>(added: readonly T[], removed: readonly T[], key: (one: T) => string): Map<string, number> {
  const counts = countBy(removed, key);
  const both = new Map<string, number>();
  for (const [name, count] of countBy(added, key)) {
    const shared = Math.min(count, counts.get(name) ?? 0);
    if (shared > 0) both.set(name, shared);
  }
  return both;
}

function without<T>(list: readonly T[], paid: ReadonlyMap<string, number>, key: (one: T) => string): T[] {
  const left = new Map(paid);
  return list.filter((one) => {
    const credit = left.get(key(one)) ?? 0;
    left.set(key(one), credit - 1);
    return credit <= 0;
  });
}

/** How often each key occurs, in order of first occurrence. */
export function countBy<T>(list: readonly T[], key: (one: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return counts;
}

/** A line as it compares with itself elsewhere: white space does not matter. */
export const squeezed = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** A text without the lines nobody writes into a manifest or lockfile by hand or by tool: it bounds what a pattern costs. */
export const shortLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.length > 1_000 ? '' : line))
    .join('\n');
