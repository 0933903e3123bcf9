import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileAt } from '@conclave/connectors';
import { parseTrustPolicy, type TrustPolicy } from '@conclave/verify';
import { usage } from '../fault.js';
import type { Branch, NoBranch } from './branch.js';

export interface TrustRoot {
  /** Absent where nobody names keys. */
  readonly policy?: TrustPolicy;
  /** Where it was found, or what to do when it was not. */
  readonly source: string;
}

const FILE = '.conclave/trust.json';

/** The trust root that the command line names. */
export async function namedTrustRoot(file: string): Promise<TrustRoot> {
  return parsed(await readNamed(file), file);
}

/**
 * The repository's own: `.conclave/trust.json` as committed on the branch that changes are for. The work tree of a
 * repository is never read: in a pipeline it is the change under test, with whatever keys that brings. Only a folder
 * that is no repository speaks for itself.
 */
export async function trustRootOf(folder: string, branch: Branch | NoBranch): Promise<TrustRoot> {
  if ('tip' in branch) {
    const bytes = await readFileAt(folder, branch.tip, FILE);
    return bytes
      ? parsed(bytes.toString('utf8'), `${FILE} of ${branch.name}`)
      : { source: `${branch.name} has no ${FILE}: commit one there, or give --trust` };
  }
  const path = join(folder, FILE);
  const text = branch.isRepository ? undefined : await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? { source: `${branch.reason}; or give --trust` } : parsed(text, path);
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
