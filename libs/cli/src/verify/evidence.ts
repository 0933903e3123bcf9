/**
 * Where receipts and waivers of a commit lie.
 *
 * Both are signed, so it does not matter who put them where: what is found is only a candidate. A receipt cannot be a
 * file of the tree it speaks of; it lies beside the repository, where `conclave review` stores it, or in a git note on the
 * commit, which travels with a push.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitLine, listFolderAt, readFileAt, readNote, treeOf } from '@conclave/connectors';
import { usage } from '../fault.js';
import type { Branch, NoBranch } from './branch.js';
import type { Found } from './examine.js';
import { addNamed, addWorkTree, FoundWaivers } from './waiver-files.js';

export const RECEIPT_NOTES = 'refs/notes/conclave-receipts';
export const WAIVER_NOTES = 'refs/notes/conclave-waivers';
export const WAIVER_FOLDER = '.conclave/waivers';

/** No receipt is larger: `docs/spec/receipt.md`, § 2. */
const MAX_RECEIPT_BYTES = 32_000_000;

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
  const stored = await storedReceipts(repository, tree);
  return [...(note ? [{ file: `note on ${commit.slice(0, 12)}`, bytes: note }] : []), ...stored];
}

async function storedReceipts(repository: string, tree: string): Promise<Found[]> {
  const folder = join(
    await gitLine(repository, ['rev-parse', '--path-format=absolute', '--git-common-dir']),
    'conclave',
  );
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.receipt.json'))
    .map(({ name }) => join(folder, name))
    .sort()
    .reverse();
  const found: Found[] = [];
  for (const file of files) {
    if ((await stat(file)).size > MAX_RECEIPT_BYTES) continue;
    const bytes = await readFile(file);
    if (treeIn(bytes) === tree) found.push({ file, bytes });
  }
  return found;
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
  const found = new FoundWaivers();
  if (named !== undefined) {
    await addNamed(found, named);
    if (found.all.length === 0) throw usage(`${named} holds no waivers`);
    return found.all;
  }
  const at = await branch();
  await addWorkTree(found, join(repository, WAIVER_FOLDER));
  if (!('tip' in at)) return found.all;
  await addBranch(found, repository, at.tip);
  const note = commit === undefined ? undefined : await readNote(repository, notes.waivers, commit);
  if (commit !== undefined && note) found.add(`the note on ${commit.slice(0, 12)}`, note);
  return found.all;
}

async function addBranch(found: FoundWaivers, repository: string, tip: string): Promise<void> {
  const paths = await listFolderAt(repository, tip, WAIVER_FOLDER);
  found.expect(paths.length, WAIVER_FOLDER);
  for (const path of paths) {
    const bytes = await readFileAt(repository, tip, path);
    if (bytes) found.add(`${path} of the branch`, bytes);
  }
}
