import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { createBundle } from './bundle.js';
import { commitFromDiff } from './commit-from-diff.js';
import { exportTree } from './export-tree.js';
import { pathBytes, pathText } from './git-path.js';
import { gitStream } from './git-process.js';
import { openBundle } from './open-bundle.js';
import { defaultReadLimits, readChange } from './read-change.js';
import { defaultBranch, mergeBase, readFileAt, resolveCommit, treeOf } from './repository.js';

const hookNames = ['post-index-change', 'post-checkout', 'pre-commit', 'reference-transaction', 'fsmonitor-watchman'];

/** A repository in which everything Git can be told to execute leaves a canary behind. */
class TrappedRepository extends ScratchRepository {
  readonly canary = join(this.dir, '..', `canary-${this.dir.split('-').at(-1)}`);
  readonly base = this.commit({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b\n' });
  readonly head = this.commit({ 'a.txt': 'one\n2\n', '.gitattributes': '* diff=evil filter=evil merge=evil\n' });

  arm(): this {
    const trap = join(this.dir, '.git', 'trap');
    writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> '${this.canary}'\ncat\n`);
    chmodSync(trap, 0o755);
    const hooks = join(this.dir, '.git', 'hooks');
    mkdirSync(hooks, { recursive: true });
    for (const name of hookNames) {
      writeFileSync(join(hooks, name), `#!/bin/sh\necho ${name} >> '${this.canary}'\n`);
      chmodSync(join(hooks, name), 0o755);
    }
    writeFileSync(join(this.dir, '.git', 'info', 'attributes'), '* diff=evil filter=evil\n');
    const commands = ['core.fsmonitor', 'core.sshCommand', 'core.pager', 'core.editor', 'core.alternateRefsCommand'];
    const drivers = ['diff.evil.command', 'diff.evil.textconv', 'filter.evil.smudge', 'filter.evil.clean'];
    const others = [
      'diff.external',
      'gpg.program',
      'credential.helper',
      'uploadpack.packObjectsHook',
      'remote.origin.uploadpack',
    ];
    for (const key of [...commands, ...drivers, ...others]) this.git('config', key, trap);
    const settings = { 'log.showSignature': 'true', 'protocol.allow': 'always', 'remote.origin.url': this.dir };
    for (const [key, value] of Object.entries(settings)) this.git('config', key, value);
    return this;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    rmSync(this.canary, { force: true });
  }
}

const code = (value: string): unknown => expect.objectContaining({ name: 'GitError', code: value });

describe('a repository whose configuration, hooks and attributes are hostile', () => {
  it('runs nothing, whatever is asked of it', async () => {
    using repo = new TrappedRepository().arm();
    const { dir, base, head } = repo;
    const change = await readChange(dir, { base, head });
    expect(change.files.map((file) => file.path)).toEqual(['.gitattributes', 'a.txt']);
    expect(await defaultBranch(dir)).toBe('refs/heads/main');
    expect(await mergeBase(dir, base, head)).toBe(base);
    expect(String(await readFileAt(dir, head, 'a.txt'))).toBe('one\n2\n');
    await exportTree(dir, head, join(dir, 'export'));
    expect(readFileSync(join(dir, 'export', 'a.txt'), 'utf8')).toBe('one\n2\n');
    const bundle = join(dir, 'x.bundle');
    await createBundle(dir, { base, head, target: base }, bundle);
    await openBundle(bundle, join(dir, 'opened'));
    await commitFromDiff(dir, base, '--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+B\n');
    expect(existsSync(repo.canary)).toBe(false);
  });

  it('is a real trap: plain Git springs it', () => {
    using repo = new TrappedRepository().arm();
    rmSync(join(repo.dir, 'a.txt'));
    execFileSync('sh', ['-c', 'git status; git checkout -- a.txt; git log -1; git diff HEAD~1 HEAD'], {
      cwd: repo.dir,
      stdio: 'ignore',
    });
    expect(readFileSync(repo.canary, 'utf8').split('\n').length).toBeGreaterThan(3);
  });

  it('fetches no missing object from a promisor remote', async () => {
    using repo = new TrappedRepository().arm();
    repo.git('config', 'extensions.partialClone', 'origin');
    repo.git('config', 'core.repositoryFormatVersion', '1');
    repo.git('config', 'remote.origin.promisor', 'true');
    const blob = repo.git('rev-parse', `${repo.head}:a.txt`);
    rmSync(join(repo.dir, '.git', 'objects', blob.slice(0, 2), blob.slice(2)));
    await expect(readChange(repo.dir, { base: repo.base, head: repo.head })).rejects.toEqual(code('unknown-ref'));
    expect(existsSync(repo.canary)).toBe(false);
  });

  it('shows the commits themselves, not what replacement refs put in their place', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'a\n' });
    const head = repo.commit({ 'a.txt': 'evil\n' });
    repo.git('replace', head, repo.commit({ 'a.txt': 'innocent\n' }));
    const change = await readChange(repo.dir, { base, head });
    expect(change.files[0]?.after).toBe('evil\n');
  });
});

describe('names that pose as something else', () => {
  it('never takes a ref for an option', async () => {
    using repo = new ScratchRepository();
    const id = repo.commit({ 'a.txt': 'a\n' });
    repo.git('update-ref', 'refs/heads/--output=owned', id);
    expect(await resolveCommit(repo.dir, 'refs/heads/--output=owned')).toBe(id);
    expect(await resolveCommit(repo.dir, '--output=owned')).toBe(id);
    for (const ref of [
      '--upload-pack=touch owned',
      '-h',
      '--all',
      '',
      'no-such',
      'HEAD:a.txt',
      'a\0b',
      `${'x'.repeat(9000)}`,
    ]) {
      await expect(resolveCommit(repo.dir, ref)).rejects.toEqual(code('unknown-ref'));
    }
    expect(readdirSync(repo.dir).sort()).toEqual(['.git', 'a.txt']);
  });

  it('reports symlinks by their target and never follows them', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'a\n' });
    const head = repo.commit({
      '.conclave/panel.yaml': { link: '/etc/passwd' },
      up: { link: '../../etc/passwd' },
      'in/side': { link: '../a.txt' },
    });
    const change = await readChange(repo.dir, { base, head });
    expect(change.files.map(({ path, newMode, after }) => [path, newMode, after])).toEqual([
      ['.conclave/panel.yaml', '120000', '/etc/passwd'],
      ['in/side', '120000', '../a.txt'],
      ['up', '120000', '../../etc/passwd'],
    ]);
    expect(change.context.head).toEqual({});
    expect(await readFileAt(repo.dir, head, '.conclave/panel.yaml')).toBeUndefined();
    const out = join(repo.dir, 'out');
    const exported = await exportTree(repo.dir, head, out);
    expect(exported).toMatchObject({ files: 2, skipped: [{ path: '.conclave/panel.yaml' }, { path: 'up' }] });
    expect(readFileSync(join(out, 'in/side'), 'utf8')).toBe('a\n');
  });

  it('reports tree entries that climb or plant a .git, exports none of them and refuses their bundle', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'a\n' });
    const head = craftedCommit(repo, base);
    const change = await readChange(repo.dir, { base, head });
    expect(change.files.map((file) => file.path)).toEqual(['../evil', '.GIT/config', '.git/config']);
    const out = join(repo.dir, 'deep', 'out');
    const exported = await exportTree(repo.dir, head, out);
    expect(exported.skipped.map(({ reason }) => reason)).toEqual(['unsafe-name', 'unsafe-name', 'unsafe-name']);
    expect(readdirSync(join(repo.dir, 'deep'))).toEqual(['out']);
    expect(readdirSync(out)).toEqual([]);
    const bundle = join(repo.dir, 'x.bundle');
    await createBundle(repo.dir, { base, head, target: base }, bundle);
    await expect(openBundle(bundle, join(repo.dir, 'opened'))).rejects.toEqual(code('bad-bundle'));
    expect(existsSync(join(repo.dir, 'opened'))).toBe(false);
  });

  it('keeps bytes that are not UTF-8 apart and finds the way back', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'a\n' });
    const names = [
      Buffer.from('caf\xe9.txt', 'latin1'),
      Buffer.from('café.txt'),
      Buffer.from('a\\xe9\n\u001b[31m.txt'),
    ];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${repo.dir}/`), name]), 'x\n');
    const head = repo.commit({});
    const change = await readChange(repo.dir, { base, head });
    const paths = change.files.map((file) => file.path);
    expect(paths).toEqual(['a\\\\xe9\\x0a\\x1b[31m.txt', 'caf\\xe9.txt', 'café.txt']);
    expect(paths.map((path) => pathBytes(path).toString('hex')).sort()).toEqual(
      names.map((n) => n.toString('hex')).sort(),
    );
    expect(pathText(Buffer.from('plain/ünï.ts'))).toBe('plain/ünï.ts');
    const exported = await exportTree(repo.dir, head, join(repo.dir, 'out'));
    expect(exported).toMatchObject({ files: 4, skipped: [] });
  });
});

/** A commit whose tree holds `..`, `.git` and `.GIT`, as no honest Git would write it. */
function craftedCommit(repo: ScratchRepository, parent: string): string {
  const blob = repo.git('rev-parse', `${parent}:a.txt`);
  const write = (type: string, body: Buffer): string =>
    execFileSync('git', ['hash-object', '-w', '--literally', '-t', type, '--stdin'], {
      cwd: repo.dir,
      input: body,
      encoding: 'utf8',
    }).trim();
  const entry = (mode: string, name: string, id: string): Buffer =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  const inner = write('tree', entry('100644', 'config', blob));
  const up = write('tree', entry('100644', 'evil', blob));
  const root = write(
    'tree',
    Buffer.concat([entry('40000', '..', up), entry('40000', '.GIT', inner), entry('40000', '.git', inner)]),
  );
  return repo.git('commit-tree', '-p', parent, '-m', 'crafted', root);
}

describe('sizes nobody asked for', () => {
  it('does not read a blob above the limit', async () => {
    using repo = new ScratchRepository();
    const base = repo.commit({ 'a.txt': 'a\n' });
    repo.write({ 'huge.txt': '' });
    truncateSync(join(repo.dir, 'huge.txt'), 200 * 1024 * 1024);
    const head = repo.commit({ 'b.txt': 'b\n' });
    const before = process.memoryUsage().arrayBuffers;
    const change = await readChange(repo.dir, { base, head });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024);
    expect(change.files[1]).toMatchObject({ path: 'huge.txt', tooLarge: true, hunks: [] });
    const hit = { limit: 'file-bytes', max: defaultReadLimits.fileBytes, seen: 209715200, path: 'huge.txt' };
    expect(change.limits).toEqual([hit]);
    await expect(readFileAt(repo.dir, head, 'huge.txt')).rejects.toEqual(code('too-large'));
    const out = join(repo.dir, '.git', 'out');
    await expect(exportTree(repo.dir, head, out, { totalBytes: 1000 })).rejects.toEqual(code('too-large'));
  });

  describe('a change of 10,000 files', () => {
    const repo = new ScratchRepository();
    let base = '';
    let head = '';
    beforeAll(() => {
      base = repo.commit({ 'a.txt': 'a\n' });
      const files = Array.from(
        { length: 10_000 },
        (_, i) => `M 100644 inline d${i % 100}/f${i}.txt\ndata 5\nf${`${i}`.padStart(4, '0')}\n`,
      );
      const commit = `commit refs/heads/big\ncommitter A <a@b> 1700000099 +0000\ndata 3\nbig\nfrom ${base}\n`;
      execFileSync('git', ['fast-import', '--quiet'], { cwd: repo.dir, input: commit + files.join('') });
      head = repo.git('rev-parse', 'refs/heads/big');
    });

    it('is read whole within the bounds', async () => {
      const change = await readChange(repo.dir, { base, head });
      expect(change.files).toHaveLength(10_000);
      expect(change.files.every((file) => file.after !== undefined)).toBe(true);
      expect(change.limits).toEqual([]);
    });

    it('says what it left out beyond them', async () => {
      const limits = { files: 1_000, treePaths: 500, totalBytes: 1_000 };
      const change = await readChange(repo.dir, { base, head, limits });
      expect(change.files).toHaveLength(1_000);
      expect(change.files.filter((file) => file.tooLarge)).toHaveLength(800);
      expect(change.limits).toEqual([
        { limit: 'files', max: 1_000, seen: 10_000 },
        { limit: 'total-bytes', max: 1_000, seen: 5_000 },
        { limit: 'tree-paths', max: 500, seen: 10_001 },
      ]);
      repo[Symbol.dispose]();
    });
  });
});

describe('refusals', () => {
  it('names what is wrong', async () => {
    using repo = new ScratchRepository();
    const id = repo.commit({ 'a.txt': 'a\n' });
    await expect(readChange('/', { base: 'a', head: 'b' })).rejects.toEqual(code('not-a-repository'));
    await expect(readChange('/no/such/folder', { base: 'a', head: 'b' })).rejects.toEqual(code('not-a-repository'));
    await expect(readChange(repo.dir, { base: id, head: 'nope' })).rejects.toEqual(code('unknown-ref'));
    await expect(readChange(repo.dir, { base: id, head: id })).rejects.toEqual(code('empty-change'));
    await expect(treeOf(repo.dir, 'nope')).rejects.toEqual(code('unknown-ref'));
  });

  it('says that Git is missing, and that it took too long', async () => {
    using repo = new ScratchRepository();
    const id = repo.commit({ 'a.txt': 'a\n' });
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    await expect(resolveCommit(repo.dir, id)).rejects.toEqual(code('git-missing'));
    process.env['PATH'] = path;
    const waiting = { input: new PassThrough(), timeoutMs: 200 };
    await expect(gitStream(repo.dir, ['cat-file', '--batch'], waiting).next()).rejects.toEqual(code('timeout'));
  });
});
