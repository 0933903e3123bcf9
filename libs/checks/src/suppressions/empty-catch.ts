/** Handlers that swallow what went wrong: an empty block, or `pass`, where an error was caught. One that answers with a value passes. */
import type { FileView } from '../source/introduced.js';
import type { LexedLine } from '../source/lexer.js';
import type { Language } from '../source/language.js';

/** A handler that does nothing, from the line that opens it to the one that closes it. */
export interface EmptyCatch {
  first: number;
  last: number;
  signature: string;
}

const scripts: readonly (Language | undefined)[] = ['javascript', 'typescript', 'vue'];
const braced: readonly (Language | undefined)[] = [
  ...scripts,
  'java',
  'kotlin',
  'csharp',
  'cpp',
  'php',
  'scala',
  'groovy',
  'dart',
  'swift',
];
/** Names by which an author says that the error is expected. */
const expected = /\b_?(ignored?|expected|unused)\b/i;
const narrowPython = /^\s*except\b\s*\(?\s*(?!Exception\b|BaseException\b)\w/;

/** The empty handlers of one side of a file. A comment inside makes a handler a decision, and it passes. */
export function emptyCatches(lines: readonly LexedLine[], language: FileView['language']): EmptyCatch[] {
  if (language === 'python') return lines.flatMap((_, at) => pythonHandler(lines, at));
  if (language === 'ruby') return lines.flatMap((_, at) => rubyHandler(lines, at));
  return braced.includes(language)
    ? lines.flatMap((_, at) => bracedHandler(lines, at, scripts.includes(language)))
    : [];
}

function bracedHandler(lines: readonly LexedLine[], at: number, promises: boolean): EmptyCatch[] {
  const code = lines[at]?.code ?? '';
  const opening = /\bcatch\b\s*(\([^)]*\)|\w[\w\s.:]*)?\s*\{/.exec(code);
  const swallow = promises ? /\.catch\s*\(\s*(?:\(\s*\w*\s*\)|\w+)\s*=>\s*\{\s*\}\s*\)/.exec(code) : null;
  if (swallow && !(lines[at]?.comment ?? '').trim()) {
    return [{ first: at + 1, last: at + 1, signature: `swallowed ${swallow[0].replace(/\s+/g, '')}` }];
  }
  if (!opening || expected.test(opening[1] ?? '')) return [];
  let from = opening.index + opening[0].length;
  for (let line = at; line < Math.min(lines.length, at + 6); line++, from = 0) {
    const current = lines[line];
    if (!current || current.comment.slice(from).trim()) return [];
    const rest = current.code.slice(from).trim();
    if (rest.startsWith('}')) return [{ first: at + 1, last: line + 1, signature: `catch ${opening[1] ?? ''}` }];
    if (rest) return [];
  }
  return [];
}

function pythonHandler(lines: readonly LexedLine[], at: number): EmptyCatch[] {
  const line = lines[at];
  const opening = line && /^(\s*)except\b([^:]*):\s*(.*)$/.exec(line.code);
  if (!line || !opening || narrowPython.test(line.code) || line.comment.trim()) return [];
  const inline = opening[3]?.trim();
  if (inline) return /^(pass|\.\.\.)$/.test(inline) ? [{ first: at + 1, last: at + 1, signature: 'except pass' }] : [];
  const next = lines[at + 1];
  if (!next || next.comment.trim() || !/^\s*(pass|\.\.\.)\s*$/.test(next.code)) return [];
  const after = lines[at + 2];
  const deeper = after && after.text.trim() && /^\s*/.exec(after.text)![0].length > (opening[1]?.length ?? 0);
  return deeper ? [] : [{ first: at + 1, last: at + 2, signature: 'except pass' }];
}

function rubyHandler(lines: readonly LexedLine[], at: number): EmptyCatch[] {
  const code = lines[at]?.code ?? '';
  if (/\brescue\s+nil\b/.test(code)) return [{ first: at + 1, last: at + 1, signature: 'rescue nil' }];
  const closes = /^\s*end\b/.test(lines[at + 1]?.code ?? '');
  const quiet = /^\s*rescue\b\s*(=>\s*\w+|StandardError.*|Exception.*)?$/.test(code) && !lines[at]?.comment.trim();
  return quiet && closes ? [{ first: at + 1, last: at + 2, signature: 'rescue end' }] : [];
}
