/** Functions and how hard they are to follow, in any language: by how they are headed, indented and branched. */
import { blockEnds, indentOf } from '../source/blocks.js';
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

/** Every function of a text; one inside another also counts for the outer one. */
export function functionsOf(lines: readonly LexedLine[]): Measured[] {
  const names = new Map<number, string>();
  lines.forEach(({ code }, at) => {
    if (code.length > maxHeaderLength) return;
    const name = headers.map((header) => header.exec(code)?.groups?.['name']).find(Boolean);
    if (name) names.set(at, name);
  });
  const ends = blockEnds(lines, new Set(names.keys()));
  const coded = lines.flatMap(({ code, text }, at) => (code.trim() ? [lineOf(code, text, at)] : []));
  let start = 0;
  return [...names].map(([header, name]) => {
    while ((coded[start]?.at ?? Infinity) <= header) start++;
    return measure(name, coded, { start, header, last: ends.get(header) ?? header });
  });
}

/** What a line with code on it adds to the weight of the functions around it. */
interface CodeLine {
  at: number;
  indent: number;
  branches: number;
  continues: boolean;
  sequence: boolean;
}

const lineOf = (code: string, text: string, at: number): CodeLine => ({
  at,
  indent: indentOf(text),
  branches: code.match(branch)?.length ?? 0,
  continues: chained.test(code),
  sequence: sequence.test(code),
});

function measure(
  name: string,
  coded: readonly CodeLine[],
  { start, header, last }: { start: number; header: number; last: number },
): Measured {
  const open: number[] = [];
  let weight = 0;
  let depth = 0;
  let at = start;
  for (let line = coded[at]; line && line.at <= last; line = coded[++at]) {
    const { indent, branches, continues } = line;
    while ((open.at(-1) ?? -1) >= indent) open.pop();
    if (branches > 0) weight += continues ? branches : branches * (1 + open.length);
    else if (continues) weight += 1;
    if (line.sequence) weight += 1;
    if (branches > 0 || continues) open.push(indent);
    depth = Math.max(depth, open.length);
  }
  return { name, first: header + 1, last: last + 1, lines: at - start, weight, depth };
}
