/**
 * Packs what a review needs of a repository into one bundle file.
 *
 * The bundle is made from an empty scratch repository that borrows the original's objects (`info/alternates`): no ref,
 * index or file of the original is written. A long history is cut: of the newest commits reachable from base, and from
 * head and target, every one is kept whole with its parents, and those parents' own history is cut (the shallow ids).
 * So whoever opens the bundle finds the same newest commits, in the same order, as in the full clone.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GitError } from './git-error.js';
import { gitLine, gitRecords, gitStream } from './git-process.js';
import { resolveCommit } from './repository.js';

/** Bounds of a bundle. */
export interface BundleLimits {
  /** Commits kept of base's history, and as many of head's and target's together. */
  maxCommits: number;
  /** Of the file; beyond it the code is `too-large`. */
  maxBytes: number;
}

/** What holds unless the caller says otherwise. */
export const defaultBundleLimits: Readonly<BundleLimits> = { maxCommits: 2_000, maxBytes: 256 * 1024 * 1024 };

/** The commits a bundle carries, under `refs/conclave/`: the change's two ends and the tip of the branch it is for. */
export interface BundleRefs {
  base: string;
  head: string;
  target: string;
}

/** What was packed. */
export interface CreatedBundle extends BundleRefs {
  bytes: number;
  /** Commits whose parents are left out; give them to `openBundle`. Empty when the whole history is in. */
  shallow: string[];
}

/** @throws GitError `not-a-repository` | `unknown-ref` | `too-large` | `timeout` | `git-missing` */
export async function createBundle(
  repository: string,
  refs: BundleRefs,
  outFile: string,
  limits: Partial<BundleLimits> = {},
): Promise<CreatedBundle> {
  const { maxCommits, maxBytes } = { ...defaultBundleLimits, ...limits };
  const commits = {
    base: await resolveCommit(repository, refs.base),
    head: await resolveCommit(repository, refs.head),
    target: await resolveCommit(repository, refs.target),
  };
  const shallow = await cutPoints(repository, commits, maxCommits);
  const scratch = await mkdtemp(join(tmpdir(), 'conclave-bundle-'));
  try {
    const objects = await gitLine(repository, ['rev-parse', '--git-path', 'objects']);
    await makeBareRepository(scratch, {
      refs: commits,
      shallow,
      objectFormat: await gitLine(repository, ['rev-parse', '--show-object-format']),
      alternate: resolve(repository, objects),
    });
    const bytes = await writeBundle(scratch, outFile, maxBytes);
    return { ...commits, bytes, shallow };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The commits at which the history is cut, sorted: those that were cut already, and parents just outside what is kept. */
async function cutPoints(repository: string, { base, head, target }: BundleRefs, max: number): Promise<string[]> {
  const parentsOf = new Map<string, string[]>();
  for (const tips of [[base], [head, target]]) {
    for await (const record of gitRecords(
      repository,
      ['rev-list', '--parents', `--max-count=${max}`, ...tips],
      {},
      10,
    )) {
      const [sha = '', ...parents] = record.toString('latin1').split(' ');
      parentsOf.set(sha, parents);
    }
  }
  const alreadyCut = await shallowIds(repository);
  const outside = [...parentsOf.values()].flat().filter((parent) => !parentsOf.has(parent));
  return [...new Set([...outside, ...alreadyCut.filter((id) => parentsOf.get(id)?.length === 0)])].sort();
}

/** Where a clone's own history is cut. */
async function shallowIds(repository: string): Promise<string[]> {
  const file = await gitLine(repository, ['rev-parse', '--git-path', 'shallow']);
  const text = await readFile(resolve(repository, file), 'latin1').catch(() => '');
  return text.split('\n').filter(Boolean);
}

/** What a bare repository starts with. */
export interface BareRepository {
  refs: Partial<BundleRefs>;
  shallow: readonly string[];
  objectFormat: string;
  alternate?: string;
}

/** Writes a bare repository by hand: nothing of a template, and no configuration but the format. */
export async function makeBareRepository(dir: string, start: BareRepository): Promise<void> {
  await mkdir(join(dir, 'objects', 'info'), { recursive: true });
  await mkdir(join(dir, 'objects', 'pack'), { recursive: true });
  await mkdir(join(dir, 'refs', 'conclave'), { recursive: true });
  const extension = start.objectFormat === 'sha1' ? '' : `[extensions]\n\tobjectFormat = ${start.objectFormat}\n`;
  const version = extension ? 1 : 0;
  await writeFile(join(dir, 'config'), `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n${extension}`);
  await writeFile(join(dir, 'HEAD'), 'ref: refs/conclave/head\n');
  for (const [name, id] of Object.entries(start.refs)) await writeFile(join(dir, 'refs', 'conclave', name), `${id}\n`);
  if (start.shallow.length) await writeFile(join(dir, 'shallow'), `${start.shallow.join('\n')}\n`);
  if (start.alternate) await writeFile(join(dir, 'objects', 'info', 'alternates'), `${start.alternate}\n`);
}

async function writeBundle(scratch: string, outFile: string, maxBytes: number): Promise<number> {
  const names = ['refs/conclave/base', 'refs/conclave/head', 'refs/conclave/target'];
  const args = ['bundle', 'create', '--quiet', '-', ...names];
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of gitStream(scratch, args, { timeoutMs: 300_000 })) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new GitError('too-large', `the repository needs a bundle above ${maxBytes} bytes`);
      yield chunk;
    }
  }
  try {
    await pipeline(counted, createWriteStream(outFile));
  } catch (error) {
    await rm(outFile, { force: true });
    throw error;
  }
  return bytes;
}
