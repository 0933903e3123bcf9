import { describe, expect, it } from '@jest/globals';
import { numbered, viewsOf, type DiffFile, type Row } from './file-views.js';

const file = (path: string, ...hunks: DiffFile['hunks']): DiffFile => ({
  path,
  status: 'modified',
  binary: false,
  hunks,
});
const finding = (path: string, line: number) => ({
  ...{ path, line, rule: 'r', severity: 'error' as const, message: 'm', juror: 'j' },
});
const outline = (rows: readonly Row[]) =>
  rows.map((row) => {
    if (row.kind === 'finding') return `finding ${row.finding.number}`;
    if (row.kind === 'hunk') return row.text;
    return `${row.kind} ${row.old ?? '-'} ${row.new ?? '-'} ${row.text}`;
  });

const hunk = { oldStart: 4, newStart: 4, lines: ['-old', '+new', '+more'] };

describe('the rows of a diff', () => {
  it('number removed lines by the old side, added ones by the new, context by both', () => {
    const [view] = viewsOf([file('a', { oldStart: 7, newStart: 9, lines: [' same', '-gone', '+come', ' end'] })], []);
    expect(outline(view!.rows)).toEqual([
      '@@ −7,3 +9,3 @@',
      'context 7 9 same',
      'removed 8 - gone',
      'added - 10 come',
      'context 9 11 end',
    ]);
  });

  it('put a finding right below its line, in the order of the review', () => {
    const [view] = viewsOf([file('a', hunk)], numbered([finding('a', 4), finding('a', 5), finding('a', 4)]));
    expect(outline(view!.rows).slice(1)).toEqual([
      'removed 4 - old',
      'added - 4 new',
      'finding 0',
      'finding 2',
      'added - 5 more',
      'finding 1',
    ]);
  });

  it('put a finding about deleted lines below the hunk that deleted them', () => {
    const deletion = { oldStart: 20, newStart: 19, lines: ['-assert(a)', '-assert(b)'] };
    const [view] = viewsOf([file('a', hunk, deletion)], numbered([finding('a', 19), finding('a', 22)]));
    expect(outline(view!.rows).slice(-4)).toEqual([
      'removed 20 - assert(a)',
      'removed 21 - assert(b)',
      'finding 0',
      'finding 1',
    ]);
    expect(view!.above).toEqual([]);
  });

  it('keep what is about no shown line above the file, and lose nothing', () => {
    const findings = numbered([finding('a', 40), finding('a', 4), finding('elsewhere', 1)]);
    const views = viewsOf([file('b', hunk), file('a', hunk)], findings);
    expect(views.map(({ path }) => path)).toEqual(['a', 'elsewhere', 'b']);
    expect(views[0]!.above.map(({ number }) => number)).toEqual([0]);
    expect(views[1]!.above.map(({ number }) => number)).toEqual([2]);
    expect(views[1]!.file).toBeUndefined();
    expect(views.map((view) => view.findings)).toEqual([2, 1, 0]);
  });
});
