import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ScratchRepository } from '../scratch/scratch-repository.js';
import { createBundle } from './bundle.js';
import { exportTree } from './export-tree.js';
import { openBundle } from './open-bundle.js';
import { readChange } from './read-change.js';
import { mergeBase, treeOf } from './repository.js';

const code = (value: string): unknown => expect.objectContaining({ name: 'GitError', code: value });

/** A main line of `length` commits with a merged side branch every tenth. */
function grow(repo: ScratchRepository, length: number): string {
  for (let at = 0; at < length; at++) {
    if (at % 10 === 5) {
      repo.git('checkout', '--quiet', '-b', `side-${at}`);
      repo.commit({ 'side.txt': `${at}\n` }, `side ${at}`);
      repo.git('checkout', '--quiet', 'main');
      repo.commit({ 'a.txt': `${at}\n`, 'b.txt': `${at}\n` }, `main ${at}`);
      repo.git('merge', '--quiet', '--no-edit', `side-${at}`);
    } else repo.commit({ 'a.txt': `${at}\n`, ...(at % 2 ? { 'b.txt': `${at}\n` } : {}) }, `main ${at}`);
  }
  return repo.git('rev-parse', 'HEAD');
}

describe('a bundle', () => {
  it('carries the whole history when it is short, and the same change comes out', async () => {
    using repo = new ScratchRepository();
    const base = grow(repo, 12);
    const head = repo.commit({ 'a.txt': 'new\n' });
    const file = join(repo.dir, '.git', 'x.bundle');
    const made = await createBundle(repo.dir, { base: 'HEAD~1', head: 'main', target: base }, file);
    expect(made).toMatchObject({ base, head, target: base, shallow: [] });
    expect(readFileSync(file)).toHaveLength(made.bytes);
    const opened = join(repo.dir, '.git', 'opened');
    expect(await openBundle(file, opened)).toEqual({ base, head, target: base });
    expect(await readChange(opened, { base, head })).toEqual(await readChange(repo.dir, { base, head }));
    expect(await mergeBase(opened, 'refs/conclave/base', 'refs/conclave/head')).toBe(base);
  });

  it('cuts a long history without changing the change or its recent past', async () => {
    using repo = new ScratchRepository();
    const base = grow(repo, 60);
    const head = repo.commit({ 'a.txt': 'new\n' });
    const file = join(repo.dir, '.git', 'x.bundle');
    const made = await createBundle(repo.dir, { base, head, target: base }, file, { maxCommits: 20 });
    expect(made.shallow.length).toBeGreaterThan(0);
    const opened = join(repo.dir, '.git', 'opened');
    await openBundle(file, opened, made.shallow);
    const request = { base, head, limits: { historyCommits: 20 } };
    const fromBundle = await readChange(opened, request);
    expect(fromBundle).toEqual(await readChange(repo.dir, request));
    expect(fromBundle.history.length).toBeGreaterThan(15);
    expect(await treeOf(opened, head)).toBe(await treeOf(repo.dir, head));
    expect(repo.git('rev-list', '--count', 'HEAD')).not.toBe('20');
  });

  it('can be made from a clone that is shallow itself', async () => {
    using repo = new ScratchRepository();
    grow(repo, 12);
    const clone = join(repo.dir, '.git', 'clone');
    repo.git('clone', '--quiet', '--depth=3', `file://${repo.dir}`, clone);
    const file = join(repo.dir, '.git', 'x.bundle');
    const made = await createBundle(clone, { base: 'HEAD~1', head: 'HEAD', target: 'HEAD~1' }, file);
    expect(made.shallow.length).toBeGreaterThan(0);
    const opened = join(repo.dir, '.git', 'opened');
    await openBundle(file, opened, made.shallow);
    expect((await readChange(opened, { base: made.base, head: made.head })).files).toHaveLength(2);
    await expect(openBundle(file, join(repo.dir, '.git', 'twice'), [])).rejects.toEqual(code('bad-bundle'));
  });

  it('leaves the repository it was made from as it was', async () => {
    using repo = new ScratchRepository();
    const base = grow(repo, 3);
    const head = repo.commit({ 'a.txt': 'new\n' });
    const before = repo.git('for-each-ref');
    await createBundle(repo.dir, { base, head, target: base }, join(repo.dir, '.git', 'x.bundle'));
    expect(repo.git('for-each-ref')).toBe(before);
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('is refused above the size limit, and no file stays behind', async () => {
    using repo = new ScratchRepository();
    const base = grow(repo, 2);
    const head = repo.commit({ 'a.txt': 'new\n' });
    const file = join(repo.dir, '.git', 'x.bundle');
    const refs = { base, head, target: base };
    await expect(createBundle(repo.dir, refs, file, { maxBytes: 100 })).rejects.toEqual(code('too-large'));
    expect(existsSync(file)).toBe(false);
  });
});

describe('an untrusted bundle', () => {
  it('is refused by name of what is wrong, and nothing stays behind', async () => {
    using repo = new ScratchRepository();
    const base = grow(repo, 2);
    const head = repo.commit({ 'a.txt': 'new\n', 'b.txt': 'x'.repeat(5000) });
    const file = join(repo.dir, '.git', 'x.bundle');
    await createBundle(repo.dir, { base, head, target: base }, file);
    const good = readFileSync(file);
    const text = good.toString('latin1');
    const packAt = text.indexOf('PACK');
    const withHeader = (header: string): Buffer => Buffer.from(header + text.slice(packAt), 'latin1');
    const refs = text.slice(text.indexOf('\n') + 1, packAt - 1);
    const cases: Record<string, Buffer> = {
      'an empty file': Buffer.alloc(0),
      'random bytes': Buffer.from('not a bundle at all\n\nPACK00000000'),
      'a truncated pack': good.subarray(0, good.length - 30),
      'a flipped byte': Buffer.from(
        text.slice(0, -40) + String.fromCharCode(text.charCodeAt(text.length - 40) ^ 1) + text.slice(-39),
        'latin1',
      ),
      'another ref': withHeader(`# v2 git bundle\n${refs}${head} refs/heads/main\n\n`),
      'a ref that climbs': withHeader(`# v2 git bundle\n${refs}${head} refs/conclave/../../hooks/x\n\n`),
      'a prerequisite': withHeader(`# v2 git bundle\n-${base} x\n${refs}\n`),
      'a filter': withHeader(`# v3 git bundle\n@filter=blob:none\n${refs}\n`),
      'a missing ref': withHeader(`# v2 git bundle\n${head} refs/conclave/head\n\n`),
      'a ref to nothing': withHeader(`# v2 git bundle\n${refs.replace(head, 'f'.repeat(40))}\n`),
      'no pack': Buffer.from(`# v2 git bundle\n${refs}\n`),
    };
    const dir = join(repo.dir, '.git', 'opened');
    for (const [name, bytes] of Object.entries(cases)) {
      writeFileSync(file, bytes);
      const refused = await openBundle(file, dir).then(
        () => 'accepted',
        (error: unknown) => error,
      );
      expect([name, refused]).toEqual([name, code('bad-bundle')]);
      expect([name, existsSync(dir)]).toEqual([name, false]);
    }
    writeFileSync(file, good);
    await expect(openBundle(file, dir, ['../../etc'])).rejects.toEqual(code('bad-bundle'));
    await expect(openBundle(file, dir, ['f'.repeat(40)])).rejects.toEqual(code('bad-bundle'));
    await expect(openBundle(file, dir, [], { maxObjects: 3 })).rejects.toEqual(code('too-large'));
    await expect(openBundle(file, dir, [], { maxBytes: 10 })).rejects.toEqual(code('too-large'));
    await expect(openBundle(file, dir, [], { maxUnpackedBytes: 100 })).rejects.toEqual(code('too-large'));
    expect(existsSync(dir)).toBe(false);
  });
});

describe('exportTree', () => {
  it('writes modes and content as committed, without conversion', async () => {
    using repo = new ScratchRepository();
    const head = repo.commit({
      'run.txt': 'a\nb\n',
      'empty.txt': '',
      'in/big.bin': Buffer.alloc(300_000, 7),
      '.gitattributes': '* text eol=crlf\n',
    });
    const out = join(repo.dir, '.git', 'out');
    expect(await exportTree(repo.dir, head, out)).toEqual({ files: 4, bytes: 300_000 + 4 + 16, skipped: [] });
    expect(readFileSync(join(out, 'in/big.bin')).equals(Buffer.alloc(300_000, 7))).toBe(true);
    expect(readFileSync(join(out, 'empty.txt'), 'utf8')).toBe('');
    expect(readFileSync(join(out, 'run.txt'), 'utf8')).toBe('a\nb\n');
  });
});
