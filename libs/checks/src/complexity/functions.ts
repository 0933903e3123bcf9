/** Functions and how hard they are to follow, in any language: by how they are headed, indented and branched. */
import type { LexedLine } from '../source/lexer.js';

/** One function with its measures. */
export interface Measured {
  name: string;
  first: number;
  last: number;
  /** Lines with code on them. */
  lines: number;
  /** Cognitive weight: each branch counts one more for each level it is nested in (after Campbell, 2018). */
  weight: number;
  /** Deepest nesting of branches. */
  depth: number;
}

const headers: readonly RegExp[] = [
  /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*(?<name>\w+)/,
  /^\s*(?:export\s+)?(?:const|let|var)\s+(?<name>\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|\w+\s*=>)/,
  /^\s*(?:async\s+)?def\s+(?:self\.)?(?<name>\w+[?!]?)/,
  /^\s*func\s+(?:\([^)]*\)\s*)?(?<name>\w+)/,
  /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:default\s+|const\s+|async\s+|unsafe\s+|extern\s+)*fn\s+(?<name>\w+)/,
  /^\s*(?:(?:public|private|protected|internal|static|final|override|suspend|inline|open|abstract|virtual|async|readonly|get|set|sealed|synchronized|def)\s+)+(?:fun\s+|func\s+|function\s+)?(?:[\w<>[\],.?*&: ]+\s+)?(?<name>\w+)\s*(?:<[^>]*>)?\s*\(/,
  /^\s*(?:fun|sub|proc|function)\s+(?<name>[\w.:]+)/,
  /^\s+(?:async\s+)?\*?#?(?<name>(?!if\b|for\b|while\b|switch\b|catch\b|return\b|with\b|match\b|foreach\b|using\b|lock\b|elif\b|unless\b|until\b|else\b|do\b|new\b|await\b|throw\b|super\b)\w+)\s*(?:<[^>]*>)?\([^;]*\)\s*(?::[^={]+)?\{\s*$/,
  /^(?!class\b|struct\b|interface\b|enum\b|namespace\b|return\b|else\b)(?:static\s+|inline\s+|extern\s+|const\s+)*[\w:<>]+(?:\s+[*&]*|[*&]+\s*)(?<name>(?!if\b|for\b|while\b|switch\b)[\w:~]+)\s*\([^;]*\)\s*(?:const\s*)?\{?\s*$/,
  /^\s*(?:function\s+)?(?<name>[\w-]+)\s*\(\)\s*\{/,
];
const branch =
  /\b(?:if|elif|elsif|else\s+if|for|foreach|while|until|unless|loop|catch|except|rescue|switch|match|select|case\s+\S+\s+in)\b(?!\s*:)|\?\s*[^.?:)\s][^:]*\s:\s/g;
/** Another arm of the branch above: heavier to read, not deeper. */
const chained = /^\s*\}?\s*(?:else|elif|elsif|catch|except|rescue|finally|ensure)\b/;
const sequence = /&&|\|\||\b(?:and|or)\b/;

/** A longer line heads no function that anybody wrote by hand. */
const maxHeaderLength = 300;

const indentOf = (text: string): number => /^\s*/.exec(text)?.[0].replace(/\t/g, '    ').length ?? 0;

/** Every function of a text; one inside another also counts for the outer one. */
export function functionsOf(lines: readonly LexedLine[]): Measured[] {
  return lines.flatMap((line, at) => {
    if (line.code.length > maxHeaderLength) return [];
    const name = headers.map((header) => header.exec(line.code)?.groups?.['name']).find(Boolean);
    return name ? [measure(name, lines, at)] : [];
  });
}

function measure(name: string, lines: readonly LexedLine[], header: number): Measured {
  const last = lastLine(lines, header);
  const body = lines.slice(header + 1, last + 1).filter(({ code }) => code.trim());
  const open: number[] = [];
  let weight = 0;
  let depth = 0;
  for (const { code, text } of body) {
    const indent = indentOf(text);
    while ((open.at(-1) ?? -1) >= indent) open.pop();
    const branches = code.match(branch)?.length ?? 0;
    const continues = chained.test(code);
    if (branches > 0) weight += continues ? branches : branches * (1 + open.length);
    else if (continues) weight += 1;
    if (sequence.test(code)) weight += 1;
    if (branches > 0 || continues) open.push(indent);
    depth = Math.max(depth, open.length);
  }
  return { name, first: header + 1, last: last + 1, lines: body.length, weight, depth };
}

/** The body is what is indented deeper than its header, with the brackets that close it. */
function lastLine(lines: readonly LexedLine[], header: number): number {
  const base = indentOf(lines[header]?.text ?? '');
  let last = header;
  for (let at = header + 1; at < lines.length; at++) {
    const text = lines[at]?.text ?? '';
    if (!text.trim()) continue;
    const indent = indentOf(text);
    const closing = /^\s*(?:[)\]}]|end\b|\{|->|=>)/.test(text);
    if (indent < base || (indent === base && !closing)) break;
    last = at;
    if (indent === base && /^\s*(?:\}|end\b)/.test(text) && !/[({[]\s*$/.test(text)) break;
  }
  return last;
}
