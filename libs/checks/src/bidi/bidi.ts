/**
 * Text that a reader and a compiler see differently: Trojan Source (CVE-2021-42574, CVE-2021-42694) and bytes hidden
 * in characters without a shape.
 */
import { canonicalFindings, type Check, type Finding } from '../check.js';
import type { Change } from '../change.js';
import { isGenerated, isLockfile } from '../source/file-kind.js';
import { addedLines, type FileView, net, removedLines, textFiles, type TouchedLine } from '../source/introduced.js';
import { isProgramming } from '../source/language.js';
import { maxLineLength } from '../source/lexer.js';
import { latinLookalike, skeletonOf } from './confusables.js';
import { invisiblesOf } from './invisible.js';

interface Suspect extends Finding {
  signature: string;
}

export const bidi: Check = {
  id: 'bidi',
  version: '1.0.0',
  family: 'conclave',
  title: 'Bidirectional and invisible text',
  description: 'Finds added text that is displayed otherwise than it is read by machines.',
  limits:
    'Look-alike letters are judged in identifiers only, not in strings or comments, and only where every foreign letter of the identifier passes for a Latin one. Balanced isolates in documentation and translations, direction marks in prose, emoji, and joiners inside scripts that use them are left alone.',
  reads: ({ path, status }) => status !== 'deleted' && !isLockfile(path),
  run(change) {
    const views = textFiles(change, (path) => !isLockfile(path));
    if (!views.some((view) => view.file.hunks.some((hunk) => hunk.added.length > 0)))
      return { applies: false, reason: 'the change adds no text' };
    return {
      applies: true,
      findings: canonicalFindings([...pathFindings(change), ...textFindings(views), ...layoutFindings(views)]),
    };
  },
};

function textFindings(views: readonly FileView[]): Finding[] {
  const added = views.flatMap(addedLines).flatMap(suspectsOf);
  const removed = views.flatMap(removedLines).flatMap(suspectsOf);
  return net(added, removed).added.map(({ path, line, rule, severity, message }) => ({
    path,
    line,
    rule,
    severity,
    message,
  }));
}

function suspectsOf(line: TouchedLine): Suspect[] {
  const at = { path: line.view.path, line: line.line };
  const suspects: Suspect[] = invisiblesOf(line).map(({ rule, severity, column, name }) => ({
    ...at,
    rule,
    severity,
    message: `${name} at column ${column}: the line may not be what it looks like`,
    signature: `${rule}\0${line.text.trim()}`,
  }));
  if (!isProgramming(line.view.language) || /^\p{ASCII}*$/u.test(line.code)) return suspects;
  for (const [identifier] of line.code.matchAll(/[\p{L}_$][\p{L}\p{N}\p{M}_$]*/gu)) {
    const foreign = foreignLetters(identifier);
    if (foreign.length === 0 || !passesForLatin(identifier, line)) continue;
    const letters = foreign.map(
      (letter) => `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
    );
    suspects.push({
      ...at,
      rule: 'homoglyph',
      severity: 'error',
      message: `an identifier that reads "${skeletonOf(identifier)}" is spelled with ${[...new Set(letters)].join(', ')}`,
      signature: `homoglyph\0${identifier}`,
    });
  }
  return suspects;
}

const foreignLetters = (identifier: string): string[] =>
  [...identifier].filter(
    (letter) => (/\p{L}/u.test(letter) && !/\p{Script=Latin}/u.test(letter)) || latinLookalike(letter) !== undefined,
  );

/** Mixed with Latin letters, or in whole the double of an identifier that the same file spells in Latin. */
function passesForLatin(identifier: string, line: TouchedLine): boolean {
  if (!foreignLetters(identifier).every((letter) => latinLookalike(letter) !== undefined)) return false;
  if (/[a-z]/i.test(identifier)) return true;
  const skeleton = skeletonOf(identifier);
  const double = new RegExp(`(?<![\\p{L}\\p{N}_$])${skeleton.replace(/\$/g, '\\$')}(?![\\p{L}\\p{N}_$])`, 'u');
  return skeleton.length > 1 && line.view.after.some(({ code }) => double.test(code));
}

/** Code pushed out of sight by white space, and lines too long for anybody to have read. */
function layoutFindings(views: readonly FileView[]): Finding[] {
  return views
    .filter(({ path, language }) => isProgramming(language) && !isGenerated(path))
    .flatMap((view) =>
      view.file.hunks.flatMap((hunk) =>
        hunk.added.map((text, at) => ({ text, path: view.path, line: hunk.newStart + at })),
      ),
    )
    .flatMap(({ text, path, line }): Finding[] => {
      if (/\S[ \t]{200,}\S/.test(text.slice(0, 100_000))) {
        return [
          {
            path,
            line,
            rule: 'off-screen-code',
            severity: 'error',
            message: 'code stands behind more than 200 blanks, where nobody sees it',
          },
        ];
      }
      if (text.length <= maxLineLength) return [];
      return [
        {
          path,
          line,
          rule: 'long-line',
          severity: 'warning',
          message: `only the first ${maxLineLength} of ${text.length} characters were judged`,
        },
      ];
    });
}

/** File names can pose as others too. */
function pathFindings(change: Change): Finding[] {
  return change.files
    .filter(({ path, status }) => status !== 'deleted' && /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(path))
    .map(({ path }) => ({
      path,
      line: 1,
      rule: 'invisible-path',
      severity: 'error',
      message: 'the file name holds invisible or bidirectional characters',
    }));
}
