/**
 * Tells code, comments and strings apart, line by line, well enough for review in any language of `language.ts`.
 *
 * A line is read up to `maxLineLength`, which bounds what a pattern can cost on it; the check `bidi` tells longer ones.
 *
 * Not a parser: heredocs and rare literal forms are read as code. A mistake about a quote ends with its line, except in
 * the multi-line strings a language really has.
 */
import { linesOf } from '../diff/line-diff.js';
import { type Language, type StringSyntax, type Syntax, syntaxOf } from './language.js';

/** One line three times over, column for column: what a view does not show is a space in it. */
export interface LexedLine {
  text: string;
  /** Without comments, and without what stands between quotes. */
  code: string;
  /** Only comments, with their marks. */
  comment: string;
}

/** Characters of a line that are read. */
export const maxLineLength = 2_000;

const operandBefore =
  /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|throw|void|delete|yield|await))\s*$/;
const regexLiteral = /^\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\/[a-z]*/;
const characterLiteral = /^'(\\[^']{1,10}|[^'\\])'/;
const stringPrefix = /(^|\W)[rbfu]{1,2}$/i;

/** What is open where a line begins. */
type Open = { kind: 'comment'; close: string } | { kind: 'string'; string: StringSyntax } | { kind: 'template' };

/** The lines of a text; without a language all of it counts as code. */
export function lex(text: string, language: Language | undefined): LexedLine[] {
  const lines = linesOf(text).map((line) => (line.length > maxLineLength ? line.slice(0, maxLineLength) : line));
  if (!language) return lines.map((line) => ({ text: line, code: line, comment: '' }));
  const stack: Open[] = [];
  return lines.map((line) => lexLine(line, syntaxOf(language), stack));
}

function lexLine(line: string, syntax: Syntax, stack: Open[]): LexedLine {
  let code = '';
  let comment = '';
  const put = (length: number, kind: 'code' | 'comment' | 'string'): void => {
    const piece = line.slice(code.length, code.length + length);
    const blank = ' '.repeat(piece.length);
    comment += kind === 'comment' ? piece : blank;
    code += kind === 'code' ? piece : blank;
  };
  while (code.length < line.length) {
    const at = code.length;
    const open = stack.at(-1);
    if (open?.kind === 'comment') {
      const end = line.indexOf(open.close, at);
      put(end < 0 ? line.length - at : end + open.close.length - at, 'comment');
      if (end >= 0) stack.pop();
    } else if (open?.kind === 'string') {
      lexString(line, at, open.string, stack, put);
    } else if (open?.kind === 'template' && line[at] === '}') {
      stack.pop();
      put(1, 'code');
    } else {
      lexCode(line, at, syntax, stack, put);
    }
  }
  const open = stack.at(-1);
  if (open?.kind === 'string' && !open.string.multiline) stack.pop();
  return { text: line, code, comment };
}

type Put = (length: number, kind: 'code' | 'comment' | 'string') => void;

function lexCode(line: string, at: number, syntax: Syntax, stack: Open[], put: Put): void {
  const plain = runTo(openersOf(syntax), line, at);
  if (plain > 0) return put(plain, 'code');
  const rest = line.slice(at, at + 4);
  const block = syntax.blockComments.find(([mark]) => rest.startsWith(mark));
  if (block) {
    put(block[0].length, 'comment');
    stack.push({ kind: 'comment', close: block[1] });
    return;
  }
  const spaced = at === 0 || /[\s;]/.test(line[at - 1] ?? '');
  if ((spaced || !syntax.spacedComments) && syntax.lineComments.some((mark) => rest.startsWith(mark))) {
    put(line.length - at, 'comment');
    return;
  }
  if (syntax.characters && rest.startsWith("'")) {
    const length = characterLiteral.exec(line.slice(at, at + 14))?.[0].length ?? 1;
    put(1, 'code');
    if (length > 1) put(length - 2, 'string');
    if (length > 1) put(1, 'code');
    return;
  }
  const string = syntax.strings.find((candidate) => rest.startsWith(candidate.open));
  if (string && !isApostrophe(line, at)) {
    put(string.open.length, 'code');
    stack.push({ kind: 'string', string });
    return;
  }
  const regex = syntax.regex && rest.startsWith('/') && operandBefore.test(line.slice(Math.max(0, at - 40), at));
  const literal = regex ? regexLiteral.exec(line.slice(at, at + 1000)) : null;
  if (literal) {
    put(1, 'code');
    put(literal[0].length - 1, 'string');
    return;
  }
  if (rest.startsWith('{') && stack.some((open) => open.kind === 'template')) stack.push({ kind: 'template' });
  put(1, 'code');
}

/** In `don't` the quote opens nothing; in Python's `f'…'` it does. */
const isApostrophe = (line: string, at: number): boolean =>
  line[at] === "'" &&
  /\w/.test(line[at - 1] ?? '') &&
  /\w/.test(line[at + 1] ?? '') &&
  !stringPrefix.test(line.slice(Math.max(0, at - 3), at));

function lexString(line: string, at: number, string: StringSyntax, stack: Open[], put: Put): void {
  if (string.escapes && line[at] === '\\') return put(2, 'string');
  if (string.open === '`' && string.escapes && line.startsWith('${', at)) {
    stack.push({ kind: 'template' });
    return put(2, 'code');
  }
  if (!line.startsWith(string.close, at)) return put(Math.max(1, runTo(/[\\$"'`]/g, line, at)), 'string');
  stack.pop();
  put(string.close.length, 'code');
}

const openers = new WeakMap<Syntax, RegExp>();

/** Characters with which anything but plain code can begin. */
function openersOf(syntax: Syntax): RegExp {
  const known = openers.get(syntax);
  if (known) return known;
  const marks = [
    ...syntax.lineComments,
    ...syntax.blockComments.map(([open]) => open),
    ...syntax.strings.map(({ open }) => open),
  ];
  const first = new Set([...marks.map((mark) => mark[0] ?? ''), "'", '/', '{', '}']);
  const pattern = new RegExp(`[${[...first].map((mark) => `\\${mark}`).join('')}]`, 'g');
  openers.set(syntax, pattern);
  return pattern;
}

/** How many characters from here on are none of the pattern's. */
function runTo(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at;
  return (pattern.exec(line)?.index ?? line.length) - at;
}
