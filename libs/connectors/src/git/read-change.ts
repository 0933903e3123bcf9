/**
 * Reads the difference of two commits as a `Change`.
 *
 * Git answers with object ids and bytes only; hunks and renames are computed by our own code, so the same two commits
 * give the same `Change` whatever the Git version, configuration or attributes. Everything is bounded: what a bound
 * left out is named in `Change.limits`, never dropped in silence. Symlinks and submodules are reported by mode and
 * target, never followed; entries such as `..` or `.git` are reported as the paths they are.
 */
import { type Change, diffLines, type FileChange, isContextPath, type LimitHit, type Revision } from '@conclave/checks';
import { blobSizes, headOfBlob, readBlobs } from './blobs.js';
import { GitError } from './git-error.js';
import { pathText } from './git-path.js';
import { gitRecords } from './git-process.js';
import { readCommits, readHistory } from './history.js';
import { pairRenames, type RenameSide } from './renames.js';
import { resolveCommit, treeOf } from './repository.js';

/** Bounds of one reading. */
export interface ReadLimits {
  /** Changed paths; the rest is left out, last paths first. */
  files: number;
  /** One blob; a larger one is not read. */
  fileBytes: number;
  /** All blobs of the change together. */
  totalBytes: number;
  /** Paths listed of each tree. */
  treePaths: number;
  /** Commits of base's history that are looked at. */
  historyCommits: number;
  /** Commits of the change itself. */
  changeCommits: number;
  /** All context files of one side together. */
  contextBytes: number;
}

/** What holds unless the caller says otherwise. */
export const defaultReadLimits: Readonly<ReadLimits> = {
  files: 20_000,
  fileBytes: 1024 * 1024,
  totalBytes: 32 * 1024 * 1024,
  treePaths: 200_000,
  historyCommits: 1_000,
  changeCommits: 1_000,
  contextBytes: 16 * 1024 * 1024,
};

/** Which change to read. */
export interface ChangeRequest {
  base: string;
  head: string;
  intent?: string;
  limits?: Partial<ReadLimits>;
}

/** One changed path before its text is read. */
interface RawEntry {
  path: string;
  oldMode: string;
  newMode: string;
  oldId: string;
  newId: string;
}

const absent = '000000';
const isBlob = (mode: string): boolean => /^(100|120)/.test(mode);

/** @throws GitError `not-a-repository` | `unknown-ref` | `empty-change` | `timeout` | `git-missing` */
export async function readChange(repository: string, request: ChangeRequest): Promise<Change> {
  const bounds = { ...defaultReadLimits, ...request.limits };
  const limits: LimitHit[] = [];
  const [base, head] = await Promise.all([revision(repository, request.base), revision(repository, request.head)]);
  if (base.tree === head.tree) throw new GitError('empty-change', 'base and head hold the same tree');
  const entries = await changedEntries(repository, base, head, bounds.files, limits);
  const texts = await readTexts(repository, entries, bounds, limits);
  const sides = {
    base: await readSide(repository, base, bounds, limits),
    head: await readSide(repository, head, bounds, limits),
  };
  const change: Change = {
    base,
    head,
    files: assemble(entries, texts),
    tree: { base: sides.base.paths, head: sides.head.paths },
    context: { base: sides.base.context, head: sides.head.context },
    history: await readHistory(repository, base.commit, bounds.historyCommits, limits),
    commits: await readCommits(repository, base.commit, head.commit, bounds.changeCommits, limits),
    limits,
  };
  return request.intent === undefined ? change : { ...change, intent: request.intent };
}

async function revision(repository: string, ref: string): Promise<Revision> {
  const commit = await resolveCommit(repository, ref);
  return { commit, tree: await treeOf(repository, commit) };
}

async function changedEntries(
  repository: string,
  base: Revision,
  head: Revision,
  max: number,
  limits: LimitHit[],
): Promise<RawEntry[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', base.tree, head.tree];
  const entries: RawEntry[] = [];
  let seen = 0;
  let meta: RegExpExecArray | null = null;
  for await (const record of gitRecords(repository, args)) {
    if (!meta) {
      meta = /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) [A-Z]$/.exec(record.toString('latin1'));
      continue;
    }
    const [, oldMode = absent, newMode = absent, oldId = '', newId = ''] = meta;
    meta = null;
    if (++seen <= max) entries.push({ path: pathText(record), oldMode, newMode, oldId, newId });
  }
  if (seen > max) limits.push({ limit: 'files', max, seen });
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What could be read of the blobs of a change, by object id. */
interface Texts {
  blobs: Map<string, Buffer>;
  tooLarge: Set<string>;
  /** Those of `tooLarge` whose first bytes say that they are no text. */
  binary: Set<string>;
}

/** How many blobs above the limit are looked into; the rest passes for text. */
const maxSniffed = 200;
const sniffedBytes = 8_000;

async function readTexts(
  repository: string,
  entries: readonly RawEntry[],
  bounds: ReadLimits,
  limits: LimitHit[],
): Promise<Texts> {
  const wanted = entries.flatMap((entry) => [
    ...(isBlob(entry.oldMode) ? [{ id: entry.oldId, path: entry.path }] : []),
    ...(isBlob(entry.newMode) ? [{ id: entry.newId, path: entry.path }] : []),
  ]);
  const sizes = await blobSizes(
    repository,
    wanted.map(({ id }) => id),
  );
  const take = new Set<string>();
  const tooLarge = new Set<string>();
  const large: string[] = [];
  let total = 0;
  for (const { id, path } of wanted) {
    const size = sizes.get(id) ?? 0;
    if (take.has(id) || tooLarge.has(id)) continue;
    total += size > bounds.fileBytes ? 0 : size;
    const fits = size <= bounds.fileBytes && total <= bounds.totalBytes;
    (fits ? take : tooLarge).add(id);
    if (size <= bounds.fileBytes) continue;
    large.push(id);
    limits.push({ limit: 'file-bytes', max: bounds.fileBytes, seen: size, path });
  }
  if (total > bounds.totalBytes) limits.push({ limit: 'total-bytes', max: bounds.totalBytes, seen: total });
  const binary = new Set<string>();
  for (const id of large.slice(0, maxSniffed)) {
    if (isBinary(await headOfBlob(repository, id, sniffedBytes))) binary.add(id);
  }
  return { blobs: await readBlobs(repository, [...take]), tooLarge, binary };
}

function assemble(entries: readonly RawEntry[], texts: Texts): FileChange[] {
  const side = (path: string, id: string, mode: string): RenameSide => {
    const text = textOf(texts.blobs.get(id));
    return { path, id, mode, ...(text === undefined ? {} : { text }) };
  };
  const renames = pairRenames(
    entries.filter((e) => isBlob(e.oldMode) && e.newMode === absent).map((e) => side(e.path, e.oldId, e.oldMode)),
    entries.filter((e) => isBlob(e.newMode) && e.oldMode === absent).map((e) => side(e.path, e.newId, e.newMode)),
  );
  const moved = new Set([...renames.values()].map((from) => from.path));
  return entries
    .filter((entry) => !(entry.newMode === absent && moved.has(entry.path)))
    .map((entry) => {
      const from = renames.get(entry.path);
      return from
        ? fileChange({ ...entry, oldId: from.id, oldMode: from.mode }, texts, from.path)
        : fileChange(entry, texts);
    });
}

function fileChange(entry: RawEntry, texts: Texts, oldPath?: string): FileChange {
  const { path, oldMode, newMode } = entry;
  const sides = [
    isBlob(oldMode) ? texts.blobs.get(entry.oldId) : undefined,
    isBlob(newMode) ? texts.blobs.get(entry.newId) : undefined,
  ];
  const binary =
    sides.some((bytes) => bytes && isBinary(bytes)) || texts.binary.has(entry.oldId) || texts.binary.has(entry.newId);
  const [before, after] = binary ? [] : sides.map(textOf);
  const tooLarge = texts.tooLarge.has(entry.oldId) || texts.tooLarge.has(entry.newId);
  const readable = !binary && !tooLarge && isBlobOrAbsent(oldMode) && isBlobOrAbsent(newMode);
  return {
    path,
    ...(oldPath === undefined ? {} : { oldPath }),
    status: statusOf(entry, oldPath),
    oldMode,
    newMode,
    binary,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(tooLarge ? { tooLarge } : {}),
    hunks: readable ? diffLines(before ?? '', after ?? '') : [],
  };
}

const isBlobOrAbsent = (mode: string): boolean => mode === absent || isBlob(mode);

function statusOf({ oldMode, newMode }: RawEntry, oldPath: string | undefined): FileChange['status'] {
  if (oldPath !== undefined) return 'renamed';
  if (oldMode === absent) return 'added';
  if (newMode === absent) return 'deleted';
  return oldMode.slice(0, 3) === newMode.slice(0, 3) ? 'modified' : 'type-changed';
}

const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, sniffedBytes).includes(0);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf(bytes: Buffer | undefined): string | undefined {
  return bytes && !isBinary(bytes) ? decoder.decode(bytes) : undefined;
}

async function readSide(
  repository: string,
  { tree }: Revision,
  bounds: ReadLimits,
  limits: LimitHit[],
): Promise<{ paths: string[]; context: Record<string, string> }> {
  const paths: string[] = [];
  const files: { path: string; id: string; size: number }[] = [];
  let seen = 0;
  let contextBytes = 0;
  for await (const record of gitRecords(repository, ['ls-tree', '-r', '-z', '-l', '--full-tree', tree])) {
    const tab = record.indexOf(9);
    const path = pathText(record.subarray(tab + 1));
    if (++seen <= bounds.treePaths) paths.push(path);
    const [, id, size] = /^100\d{3} blob ([0-9a-f]+) +(\d+)$/.exec(record.subarray(0, tab).toString('latin1')) ?? [];
    if (!id || !isContextPath(path)) continue;
    contextBytes += Number(size);
    if (contextBytes <= bounds.contextBytes) files.push({ path, id, size: Number(size) });
  }
  if (seen > bounds.treePaths) limits.push({ limit: 'tree-paths', max: bounds.treePaths, seen });
  if (contextBytes > bounds.contextBytes) {
    limits.push({ limit: 'context-bytes', max: bounds.contextBytes, seen: contextBytes });
  }
  const blobs = await readBlobs(repository, [...new Set(files.map(({ id }) => id))]);
  const context = files.flatMap(({ path, id }) => {
    const text = textOf(blobs.get(id));
    return text === undefined ? [] : [[path, text] as const];
  });
  return { paths: paths.sort(), context: Object.fromEntries(context) };
}
