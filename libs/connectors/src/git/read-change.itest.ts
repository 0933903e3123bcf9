import { describe, expect, it } from '@jest/globals';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { readChange } from './read-change.js';

describe('readChange', () => {
  it('reads what happened to each path, in one order', async () => {
    using repo = new ScratchRepository();
    const body = ['export function a() {', '  return 1;', '}', 'export const b = 2;'];
    const base = repo.commit({
      'kept.ts': ['one', 'two', 'three'],
      'gone.txt': 'bye\n',
      'old/name.ts': body,
      'turns.txt': 'x\n',
      'image.bin': Buffer.from([1, 0, 2]),
    });
    const head = repo.commit(
      {
        'kept.ts': ['one', '2', 'three', 'four'],
        'gone.txt': null,
        'old/name.ts': null,
        'new/name.ts': [...body, 'export const c = 3;'],
        'turns.txt': { link: '/etc/passwd' },
        'image.bin': Buffer.from([1, 0, 3]),
        'fresh.md': '# hello\n',
      },
      'feat: several\n\nthings',
    );
    const change = await readChange(repo.dir, { base, head, intent: 'try it' });
    expect(change.files.map(({ path, status, binary }) => [path, status, binary])).toEqual([
      ['fresh.md', 'added', false],
      ['gone.txt', 'deleted', false],
      ['image.bin', 'modified', true],
      ['kept.ts', 'modified', false],
      ['new/name.ts', 'renamed', false],
      ['turns.txt', 'type-changed', false],
    ]);
    const [, , image, kept, renamed, link] = change.files;
    expect(image).toMatchObject({ hunks: [], binary: true });
    expect(image).not.toHaveProperty('after');
    expect(kept?.hunks).toEqual([
      { oldStart: 2, oldLines: 1, newStart: 2, newLines: 1, removed: ['two'], added: ['2'] },
      { oldStart: 3, oldLines: 0, newStart: 4, newLines: 1, removed: [], added: ['four'] },
    ]);
    expect(renamed).toMatchObject({ oldPath: 'old/name.ts', hunks: [{ newStart: 5, added: ['export const c = 3;'] }] });
    expect(link).toMatchObject({ newMode: '120000', after: '/etc/passwd' });
    expect(change.tree.head).toEqual(['fresh.md', 'image.bin', 'kept.ts', 'new/name.ts', 'turns.txt']);
    expect(change.commits).toEqual([{ sha: head, message: 'feat: several\n\nthings' }]);
    expect(change).toMatchObject({ intent: 'try it', limits: [], base: { commit: base }, history: [] });
    expect(JSON.parse(JSON.stringify(change))).toEqual(change);
  });
});
