import { describe, expect, it } from '@jest/globals';
import { checkById } from '@conclave/checks';
import { readChange } from '../git/read-change.js';
import { type Files, ScratchRepository } from '../scratch/scratch-repository.js';
import { judged } from './judged.js';

/** A past in which `touch(i)` names the files of commit i. */
const past = (length: number, touch: (i: number) => string[]): Files[] => [
  {
    'README.md': '# x\n',
    'a.go': '0\n',
    'b.go': '0\n',
    'c.go': '0\n',
    'go.sum': '0\n',
    'CHANGELOG.md': '0\n',
    'd.go': '0\n',
  },
  ...Array.from({ length }, (_, i) => Object.fromEntries(touch(i).map((path) => [path, `${i + 1}\n`]))),
  ...Array.from({ length }, (_, i) => ({ 'other.txt': `${i}\n`, [`o${i}.txt`]: '1\n' })),
];
const change = { after: { 'a.go': 'new\n' } };

describe('co-change', () => {
  it('tells what history changes together and this change leaves, with the figures', async () => {
    using repo = new ScratchRepository();
    const commits = [...past(13, (i) => (i < 11 ? ['a.go', 'b.go'] : ['a.go', 'c.go'])), change.after];
    const [base = '', head = ''] = repo.grow(commits.map((files) => ({ files }))).slice(-2);
    const result = checkById('co-change')?.run(await readChange(repo.dir, { base, head }));
    expect(result).toEqual({
      applies: true,
      findings: [
        {
          path: 'a.go',
          line: 1,
          rule: 'left-behind',
          severity: 'warning',
          message: 'a.go changed with b.go in 85 % of history (11 of 13); you left b.go',
        },
      ],
    });
  });

  it('is silent below 70 %, below five commits, and when both are changed', async () => {
    expect(
      await judged('co-change', { past: past(10, (i) => (i % 2 ? ['a.go', 'b.go'] : ['a.go', `c.go`])), ...change }),
    ).toEqual([]);
    expect(await judged('co-change', { past: past(4, () => ['a.go', 'b.go']), ...change })).toEqual([]);
    expect(
      await judged('co-change', { past: past(8, () => ['a.go', 'b.go']), after: { 'a.go': 'n\n', 'b.go': 'n\n' } }),
    ).toEqual([]);
  });

  it('is silent about lockfiles, change logs, files that are gone, and files that are in everything', async () => {
    expect(await judged('co-change', { past: past(8, () => ['a.go', 'go.sum', 'CHANGELOG.md']), ...change })).toEqual(
      [],
    );
    expect(
      await judged('co-change', { past: past(8, () => ['a.go', 'b.go']), before: { 'b.go': null }, ...change }),
    ).toEqual([]);
    expect(
      await judged('co-change', { past: past(8, () => ['a.go', 'b.go']), after: { 'a.go': 'n\n', 'b.go': null } }),
    ).toEqual([]);
    const everywhere = [
      ...past(8, () => ['a.go', 'version.txt']),
      ...Array.from({ length: 30 }, (_, i) => ({ [`n${i}.txt`]: '1\n', 'version.txt': `v${i}\n` })),
    ];
    expect(await judged('co-change', { past: everywhere, ...change })).toEqual([]);
  });

  it('asks nothing of other files for tests, documentation and comments', async () => {
    const lines = { 'a.go': ['package a', '// teh point', 'var a = 1'] };
    const typo = { 'a.go': ['package a', '// the point', 'var a = 1'] };
    expect(await judged('co-change', { past: past(8, () => ['a.go', 'b.go']), before: lines, after: typo })).toEqual(
      [],
    );
    for (const path of ['README.md', 'a_test.go']) {
      const story = { past: past(8, () => [path, 'b.go']), after: { [path]: 'x\n' } };
      expect(await judged('co-change', story)).toEqual([]);
    }
  });

  it('counts the commits in which a file changed alone', async () => {
    const alone = past(20, (i) => (i < 10 ? ['a.go', 'b.go'] : ['a.go']));
    expect(await judged('co-change', { past: alone, ...change })).toEqual([]);
  });

  it('knows companions in a small repository, where they are in every commit', async () => {
    const all = past(8, () => ['a.go', 'b.go']).slice(0, 9);
    expect(await judged('co-change', { past: all, ...change })).toEqual(['warning left-behind a.go:1']);
  });

  it('is silent about sweeping commits', async () => {
    const sweep = (i: number): string[] => [
      'a.go',
      'b.go',
      ...Array.from({ length: 45 }, (_, n) => `s${n}-${i % 2}.txt`),
    ];
    expect(await judged('co-change', { past: past(8, sweep), ...change })).toEqual([]);
  });

  it('abstains when there is too little history, and for sweeping changes', async () => {
    expect(await judged('co-change', change)).toEqual([
      'abstains: fewer than 5 usable commits stand before the change',
    ]);
    const after = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}.ts`, '1\n']));
    expect(await judged('co-change', { after })).toEqual(['abstains: the change touches more than 40 files']);
  });
});
