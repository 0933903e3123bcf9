import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Hunk } from '../change.js';
import { diffLines, linesOf, withoutHunk } from './line-diff.js';

/** Applies hunks as `patch` would: an independent reading of what their numbers mean. */
function apply(before: string, hunks: readonly Hunk[]): string[] {
  const old = linesOf(before);
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = hunk.oldLines ? hunk.oldStart - 1 : hunk.oldStart;
    out.push(...old.slice(at, start));
    expect(old.slice(start, start + hunk.oldLines)).toEqual(hunk.removed);
    expect(out.length).toBe(hunk.newLines ? hunk.newStart - 1 : hunk.newStart);
    out.push(...hunk.added);
    at = start + hunk.oldLines;
  }
  return [...out, ...old.slice(at)];
}

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '}', '', 'return x'), { maxLength: 40 })
  .map((l) => l.map((line) => `${line}\n`).join(''));

describe('diffLines', () => {
  it('always gives hunks that turn the old text into the new one', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(apply(before, diffLines(before, after))).toEqual(linesOf(after));
      }),
    );
  });

  it('finds the shortest script where no line is unique', () => {
    const [hunk, ...rest] = diffLines('x\nx\nx\n', 'x\nx\ny\nx\n');
    expect(rest).toEqual([]);
    expect(hunk).toEqual({ oldStart: 2, oldLines: 0, newStart: 3, newLines: 1, removed: [], added: ['y'] });
  });

  it('numbers a deletion by the line that survives before it', () => {
    expect(diffLines('a\nb\nc\n', 'a\nc\n')).toEqual([
      { oldStart: 2, oldLines: 1, newStart: 1, newLines: 0, removed: ['b'], added: [] },
    ]);
  });

  it('sees no changed line in a newline at the end of the file', () => {
    expect(diffLines('a\nb', 'a\nb\n')).toEqual([]);
  });

  it('calls a gap beyond the edit limit replaced, in bounded time', () => {
    const many = (word: string): string => Array.from({ length: 3000 }, (_, i) => `${word} ${i % 700}`).join('\n');
    const hunks = diffLines(many('old'), many('new'));
    expect(hunks).toHaveLength(1);
    expect(hunks[0]?.newLines).toBe(3000);
  });
});

describe('withoutHunk', () => {
  it('takes back exactly one hunk', () => {
    const before = 'one\ntwo\nthree\nfour\n';
    const after = 'ONE\ntwo\nfour\nfive\n';
    const hunks = diffLines(before, after);
    expect(hunks.map((hunk) => withoutHunk(after, hunk))).toEqual([
      'one\ntwo\nfour\nfive\n',
      'ONE\ntwo\nthree\nfour\nfive\n',
      'ONE\ntwo\nfour\n',
    ]);
  });

  it('gives back the old lines when every hunk is taken back from the bottom up', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const hunks = diffLines(before, after).reverse();
        expect(hunks.reduce((current, hunk) => withoutHunk(current, hunk), after)).toEqual(before);
      }),
    );
  });
});
