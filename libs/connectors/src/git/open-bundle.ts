/**
 * Opens a bundle that came over the network, as a bare repository of its own.
 *
 * The header is read by our own strict parser (only `refs/conclave/*`, no prerequisites, no filter), the pack by
 * `git index-pack --strict`: each object is checked as `git fsck` does and every link must lead to an object that is
 * there. Trees with `..`, `.git` or an absolute entry are refused there. Allocation, time, packed size, object count and
 * unpacked size are bounded. Refs are written only after all of that held.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { type BundleRefs, makeBareRepository } from './bundle.js';
import { GitError } from './git-error.js';
import { gitRecords, tryGit } from './git-process.js';

/** Bounds of what is opened. */
export interface OpenLimits {
  /** Of the file. */
  maxBytes: number;
  /** Commits, trees, blobs and tags. */
  maxObjects: number;
  /** Of all objects unpacked, as Git would write them out. */
  maxUnpackedBytes: number;
}

/** What holds unless the caller says otherwise. */
export const defaultOpenLimits: Readonly<OpenLimits> = {
  maxBytes: 256 * 1024 * 1024,
  maxObjects: 2_000_000,
  maxUnpackedBytes: 16 * 1024 * 1024 * 1024,
};

const maxHeaderBytes = 16 * 1024;

/**
 * Faults that old but honest histories are full of and that endanger nobody here; the rest stays an error.
 * Forges accept the same ones.
 */
const tolerated = [
  'badTimezone',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingNameBeforeEmail',
  'missingEmail',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
  'badFilemode',
  'nulInCommit',
  'missingTaggerEntry',
  'badTagName',
];

interface Header {
  refs: BundleRefs;
  objectFormat: 'sha1' | 'sha256';
  /** Where the pack begins. */
  packAt: number;
  objects: number;
}

/**
 * Makes `dir` (absent or empty) a bare repository with the bundle's refs and returns their commits.
 *
 * @throws GitError `bad-bundle` | `too-large` | `timeout` | `git-missing`; `dir` is then left empty
 */
export async function openBundle(
  bundleFile: string,
  dir: string,
  shallow: readonly string[] = [],
  limits: Partial<OpenLimits> = {},
): Promise<BundleRefs> {
  const bounds = { ...defaultOpenLimits, ...limits };
  const { size } = await stat(bundleFile);
  if (size > bounds.maxBytes)
    throw new GitError('too-large', `the bundle has ${size} bytes, at most ${bounds.maxBytes}`);
  const header = await readHeader(bundleFile);
  if (header.objects > bounds.maxObjects) {
    throw new GitError('too-large', `the bundle has ${header.objects} objects, at most ${bounds.maxObjects}`);
  }
  const idLength = header.objectFormat === 'sha1' ? 40 : 64;
  if (!shallow.every((id) => /^[0-9a-f]+$/.test(id) && id.length === idLength)) {
    throw new GitError('bad-bundle', 'a shallow commit is no object id');
  }
  const present = await readdir(dir).catch(() => []);
  if (present.length) throw new Error(`${dir} is not empty`);
  try {
    await makeBareRepository(dir, { refs: {}, shallow, objectFormat: header.objectFormat });
    await indexPack(bundleFile, header, dir, bounds);
    await checkObjects(dir, header.refs, shallow, bounds);
    await makeBareRepository(dir, { refs: header.refs, shallow, objectFormat: header.objectFormat });
    return header.refs;
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function readHeader(bundleFile: string): Promise<Header> {
  const file = await open(bundleFile);
  const { buffer, bytesRead } = await file
    .read(Buffer.alloc(maxHeaderBytes), 0, maxHeaderBytes, 0)
    .finally(() => file.close());
  const bytes = buffer.subarray(0, bytesRead);
  const end = bytes.indexOf('\n\n');
  const [signature = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\n');
  const sha256 = lines[0] === '@object-format=sha256';
  if (signature !== '# v2 git bundle' && !(signature === '# v3 git bundle' && lines[0]?.startsWith('@'))) {
    throw new GitError('bad-bundle', 'the file is not a git bundle');
  }
  const refs = new Map<string, string>();
  const named = lines.filter((line) => !line.startsWith('@object-format=sha'));
  for (const line of named) {
    const [, id = '', name = ''] = /^([0-9a-f]+) refs\/conclave\/(base|head|target)$/.exec(line) ?? [];
    if (id.length !== (sha256 ? 64 : 40) || refs.has(name)) {
      throw new GitError(
        'bad-bundle',
        'a bundle holds refs/conclave/base, head and target, complete, and nothing else',
      );
    }
    refs.set(name, id);
  }
  const [base, head, target] = ['base', 'head', 'target'].map((name) => refs.get(name));
  if (!base || !head || !target) throw new GitError('bad-bundle', 'the bundle lacks base, head or target');
  const packAt = end + 2;
  if (bytes.subarray(packAt, packAt + 4).toString('latin1') !== 'PACK' || bytes.length < packAt + 12) {
    throw new GitError('bad-bundle', 'the bundle holds no pack');
  }
  const objects = bytes.readUInt32BE(packAt + 8);
  return { refs: { base, head, target }, objectFormat: sha256 ? 'sha256' : 'sha1', packAt, objects };
}

async function indexPack(bundleFile: string, header: Header, dir: string, bounds: OpenLimits): Promise<void> {
  const strict = `--strict=${tolerated.map((fault) => `${fault}=ignore`).join(',')}`;
  const { status, stderr } = await tryGit(
    dir,
    ['-c', 'core.bigFileThreshold=8m', 'index-pack', '--stdin', strict, `--max-input-size=${bounds.maxBytes}`],
    {
      input: createReadStream(bundleFile, { start: header.packAt }),
      timeoutMs: 300_000,
      env: { GIT_ALLOC_LIMIT: '512m' },
    },
  );
  if (status !== 0) throw new GitError('bad-bundle', `the pack was refused: ${lastLine(stderr)}`);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';

/** Every ref and shallow id must be a commit that came along, and all objects together must fit. */
async function checkObjects(
  dir: string,
  refs: BundleRefs,
  shallow: readonly string[],
  bounds: OpenLimits,
): Promise<void> {
  const named = new Set([refs.base, refs.head, refs.target, ...shallow]);
  let unpacked = 0;
  const list = ['cat-file', '--batch-all-objects', '--unordered', '--batch-check'];
  for await (const record of gitRecords(dir, list, { timeoutMs: 120_000 }, 10)) {
    const [id = '', type, size] = record.toString('latin1').split(' ');
    unpacked += Number(size);
    if (unpacked > bounds.maxUnpackedBytes) {
      throw new GitError('too-large', `the bundle unpacks to more than ${bounds.maxUnpackedBytes} bytes`);
    }
    if (type === 'commit') named.delete(id);
  }
  if (named.size) throw new GitError('bad-bundle', 'a ref or shallow id of the bundle is no commit in it');
}
