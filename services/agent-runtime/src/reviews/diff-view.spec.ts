import { describe, expect, it } from '@jest/globals';
import type { Change, FileChange } from '@conclave/checks';
import { runtime } from '@conclave/contracts';
import { diffView, type DiffView } from './diff-view.js';

const MESSAGE_BYTES = 1_000_000;
const fileOf = (path: string, ...added: string[]): FileChange => ({
  ...{ path, status: 'modified', oldMode: '100644', newMode: '100644', binary: false },
  hunks: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: added.length, removed: ['old'], added }],
});
const viewOf = (...files: FileChange[]): DiffView => runtime.getRunDiff.reply.parse(diffView({ files } as Change));
const small = fileOf('small.ts', 'new');
const shownSmall = { path: 'small.ts', hunks: [{ oldStart: 1, newStart: 1, lines: ['-old', '+new'] }] };

describe('the view of a change', () => {
  it('shows every hunk of a change that fits', () => {
    const { truncated, files } = viewOf(small, fileOf('b.ts', 'x'));
    expect(truncated).toBe(false);
    expect(files).toMatchObject([shownSmall, { path: 'b.ts' }]);
    expect(files.every((file) => file.truncated === undefined)).toBe(true);
  });

  it.each([
    ['of one enormous line', fileOf('large.ts', '\u0001'.repeat(200_000))],
    ['of very many lines', fileOf('large.ts', ...Array<string>(5_000).fill(''))],
  ])('lists a file %s without its hunks, and goes on', (_what, large) => {
    const view = viewOf(large, small);
    expect(view.truncated).toBe(true);
    expect(view.files).toMatchObject([{ path: 'large.ts', truncated: true, hunks: [] }, shownSmall]);
  });

  it.each([
    ['many long lines', Array.from({ length: 900 }, (_, n) => fileOf(`${n}.ts`, '本'.repeat(2_000)))],
    ['very many files', Array.from({ length: 9_000 }, (_, n) => fileOf(`${'本'.repeat(300)}${n}.ts`, 'x'))],
  ])('fits a message with %s', (_what, files) => {
    const view = viewOf(...files);
    expect(view.truncated).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(view))).toBeLessThan(MESSAGE_BYTES);
  });
});
