import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultBranch, readFileAt } from '@conclave/connectors';
import { parseTrustPolicy, type TrustPolicy } from '@conclave/verify';
import { usage } from '../fault.js';
import { topOf } from '../review/work-tree.js';

export interface TrustRoot {
  readonly policy: TrustPolicy;
  /** Where it was found. */
  readonly source: string;
}

const FILE = '.conclave/trust.json';

/**
 * Whose keys are believed: the given file, else the repository's `.conclave/trust.json`: as committed on the default
 * branch, so that a change under test cannot bring keys of its own, and only without one there from the work tree.
 */
export async function trustRoot(repository: string, file: string | undefined): Promise<TrustRoot | undefined> {
  if (file !== undefined) return parsed(await readNamed(file), file);
  const committed = await onDefaultBranch(repository);
  if (committed) return committed;
  const path = join(await topOf(repository).catch(() => repository), FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsed(text, path);
}

async function onDefaultBranch(repository: string): Promise<TrustRoot | undefined> {
  try {
    const branch = await defaultBranch(repository);
    const bytes = await readFileAt(repository, branch, FILE);
    return bytes && parsed(bytes.toString('utf8'), `${FILE} of ${branch.replace(/^refs\/(heads|remotes)\//, '')}`);
  } catch (error) {
    if (error instanceof Error && error.name === 'GitError') return undefined;
    throw error;
  }
}

function parsed(text: string, source: string): TrustRoot {
  try {
    return { policy: parseTrustPolicy(text), source };
  } catch (error) {
    throw usage(`${source} is no trust root: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws Fault `cli.usage` when a file the command line names cannot be read */
export async function readNamed(path: string): Promise<string> {
  return (await readNamedBytes(path)).toString('utf8');
}

export async function readNamedBytes(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${path} cannot be read (${cause.code})`);
  });
}
