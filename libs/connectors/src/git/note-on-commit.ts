import { git, tryGit } from './git-process.js';
import { resolveCommit } from './repository.js';

const MAX_NOTE_BYTES = 32 * 1024 * 1024;

/**
 * The note on a commit, as `git notes --ref` keeps it: a tree whose paths, without their slashes, are the ids that notes
 * are on. `notes` is a ref or a commit, so that notes which are just being pushed can be read.
 */
export async function readNote(repository: string, notes: string, commit: string): Promise<Buffer | undefined> {
  const there = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${notes}^{tree}`];
  const tree = await tryGit(repository, there);
  if (tree.status !== 0) return undefined;
  const id = await resolveCommit(repository, commit);
  const listed = await git(repository, ['ls-tree', '-r', '-z', '--full-tree', tree.stdout.toString('utf8').trim()]);
  for (const entry of listed.toString('utf8').split('\0')) {
    const [, blob, path] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/.exec(entry) ?? [];
    if (blob !== undefined && path?.replaceAll('/', '') === id)
      return git(repository, ['cat-file', 'blob', blob], { maxOutputBytes: MAX_NOTE_BYTES });
  }
  return undefined;
}
