/**
 * Where receipts and waivers of a commit lie.
 *
 * Both are signed, so it does not matter who put them where: what is found is only a candidate. A receipt cannot be a
 * file of the tree it speaks of; it lies beside the repository, where `conclave review` stores it, or in a git note on the
 * commit, which travels with a push.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitLine, listFolderAt, readFileAt, readNote, treeOf } from '@conclave/connectors';
import { waiversIn } from '@conclave/verify';
import { usage } from '../fault.js';
import type { Branch, NoBranch } from './branch.js';
import type { Found } from './examine.js';

export const RECEIPT_NOTES = 'refs/notes/conclave-receipts';
export const WAIVER_NOTES = 'refs/notes/conclave-waivers';
export const WAIVER_FOLDER = '.conclave/waivers';

/** Which notes are read; those of the repository unless a push brings newer ones. */
export interface Notes {
  readonly receipts: string;
  readonly waivers: string;
}
export const ownNotes: Notes = { receipts: RECEIPT_NOTES, waivers: WAIVER_NOTES };

/** Receipts that say they are about the tree of a commit: its note, then the stored ones, newest first. */
export async function receiptsOf(repository: string, commit: string, notes: Notes = ownNotes): Promise<Found[]> {
  const note = await readNote(repository, notes.receipts, commit);
  const tree = await treeOf(repository, commit);
  const stored = (await storedReceipts(repository)).filter(({ bytes }) => treeIn(bytes) === tree);
  return [...(note ? [{ file: `note on ${commit.slice(0, 12)}`, bytes: note }] : []), ...stored];
}

async function storedReceipts(repository: string): Promise<Found[]> {
  const folder = join(
    await gitLine(repository, ['rev-parse', '--path-format=absolute', '--git-common-dir']),
    'conclave',
  );
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names
    .filter((name) => name.endsWith('.receipt.json'))
    .sort()
    .reverse();
  return Promise.all(
    files.map(async (name) => ({ file: join(folder, name), bytes: await readFile(join(folder, name)) })),
  );
}

/** The tree a file says it is about, unverified. */
function treeIn(bytes: Buffer): unknown {
  try {
    const { envelope } = JSON.parse(bytes.toString('utf8')) as { envelope: { payload: string } };
    const statement: unknown = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
    return (statement as { predicate: { subject?: { tree?: unknown } } }).predicate.subject?.tree;
  } catch {
    return undefined;
  }
}

/** Waivers at hand: of the file or folder that is named, else of the work tree, of the branch and in the commit's note. */
export async function waiversOf(
  repository: string,
  {
    named,
    branch,
    commit,
    notes = ownNotes,
  }: {
    readonly named: string | undefined;
    readonly branch: () => Promise<Branch | NoBranch>;
    readonly commit: string | undefined;
    readonly notes?: Notes;
  },
): Promise<string[]> {
  if (named !== undefined) {
    const files = await filesAt(named);
    if (files.length === 0) throw usage(`${named} holds no waivers`);
    return distinct(files);
  }
  const at = await branch();
  const note = 'tip' in at && commit !== undefined ? await readNote(repository, notes.waivers, commit) : undefined;
  return distinct([
    ...(await filesAt(join(repository, WAIVER_FOLDER))),
    ...('tip' in at ? await filesOn(repository, at.tip) : []),
    ...(note ? [note.toString('utf8')] : []),
  ]);
}

const distinct = (files: readonly string[]): string[] => [...new Set(files.flatMap(waiversIn))];

/** The texts of a file, or of the files of a folder. */
async function filesAt(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined)
    return readFile(path, 'utf8').then(
      (text) => [text],
      () => [],
    );
  return Promise.all(names.sort().map((name) => readFile(join(path, name), 'utf8').catch(() => '')));
}

async function filesOn(repository: string, tip: string): Promise<string[]> {
  const paths = await listFolderAt(repository, tip, WAIVER_FOLDER);
  const files = await Promise.all(paths.map((path) => readFileAt(repository, tip, path)));
  return files.map((bytes) => bytes?.toString('utf8') ?? '');
}
