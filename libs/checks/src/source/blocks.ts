/** Where a block ends, for any language that is indented: what stands deeper than its header, and what closes it. */
import type { LexedLine } from './lexer.js';

/** Columns before the text of a line; a tab counts four. */
export const indentOf = (text: string): number => /^\s*/.exec(text)?.[0].replace(/\t/g, '    ').length ?? 0;

const closes = /^\s*(?:[)\]}]|end\b|\{|->|=>)/;
const ends = /^\s*(?:\}|end\b)/;
const opensAgain = /[({[]\s*$/;

/**
 * The last line of the block below each header, by the header's index; both count from 0.
 *
 * One pass: a header waits on the stack until a line ends it, and one of the same indent always does.
 */
export function blockEnds(lines: readonly LexedLine[], headers: ReadonlySet<number>): Map<number, number> {
  const ended = new Map<number, number>();
  const open: { header: number; indent: number }[] = [];
  let last = -1;
  const end = (at: number): void => {
    const block = open.pop();
    if (block) ended.set(block.header, at);
  };
  lines.forEach(({ text }, at) => {
    if (!text.trim()) return;
    const indent = indentOf(text);
    while ((open.at(-1)?.indent ?? -1) > indent) end(last);
    if (open.at(-1)?.indent === indent) {
      if (headers.has(at) || !closes.test(text)) end(last);
      else if (ends.test(text) && !opensAgain.test(text)) end(at);
    }
    if (headers.has(at)) open.push({ header: at, indent });
    last = at;
  });
  while (open.length > 0) end(last);
  return ended;
}
