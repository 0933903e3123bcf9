import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { commitFromDiff } from './commit-from-diff.js';
import { readChange } from './read-change.js';

const code = (value: string): unknown => expect.objectContaining({ name: 'GitError', code: value });
const fileDiff = (path: string): string =>
  `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+owned\n`;

describe('commitFromDiff', () => {
  it('makes the same commit of the same diff, and moves nothing else', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n' });
    const after = repo.commit({ 'a.txt': 'one\n2\nthree\n', 'b.txt': null, 'c.txt': 'c\n' });
    const diff = `${repo.git('diff', base, after)}\n`;
    repo.git('checkout', '--quiet', '--detach', base);
    const made = await commitFromDiff(repo.dir, base, diff);
    expect(await commitFromDiff(repo.dir, base, diff)).toBe(made);
    expect(repo.git('rev-parse', `${made}^{tree}`)).toBe(repo.git('rev-parse', `${after}^{tree}`));
    expect(repo.git('status', '--porcelain')).toBe('');
    expect((await readChange(repo.dir, { base, head: made })).files).toHaveLength(3);
  });

  it('applies all of the diff from a folder below, and in a bare repository', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'top.txt': 'one\n', 'src/deep/a.txt': 'a\n' });
    const diff = ['top.txt', 'src/deep/b.txt', 'other/c.txt'].map((path) =>
      path === 'top.txt' ? '--- a/top.txt\n+++ b/top.txt\n@@ -1 +1 @@\n-one\n+two\n' : fileDiff(path),
    );
    const made = await commitFromDiff(join(repo.dir, 'src/deep'), base, diff.join(''));
    const changed = repo.git('diff', '--name-only', base, made).trim().split('\n');
    expect(changed).toEqual(['other/c.txt', 'src/deep/b.txt', 'top.txt']);
    expect(await commitFromDiff(join(repo.dir, '.git'), base, diff.join(''))).toBe(made);
    repo.git('config', 'core.bare', 'true');
    expect(await commitFromDiff(repo.dir, base, diff.join(''))).toBe(made);
  });

  it('refuses a diff that does not apply, climbs, or writes into .git', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'one\n', link: { link: '/tmp' } });
    const bad = [
      'nonsense',
      '',
      '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-other\n+two\n',
      fileDiff('../owned'),
      fileDiff('.git/hooks/post-checkout'),
      fileDiff('link/owned'),
    ];
    for (const diff of bad) await expect(commitFromDiff(repo.dir, base, diff)).rejects.toEqual(code('bad-diff'));
    expect(readdirSync('/tmp')).not.toContain('owned');
    await expect(commitFromDiff(repo.dir, 'nope', fileDiff('x'))).rejects.toEqual(code('unknown-ref'));
    const mode = '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+one\n';
    await expect(commitFromDiff(repo.dir, base, mode)).rejects.toEqual(code('empty-change'));
  });
});
