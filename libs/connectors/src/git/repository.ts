import { pathBytes } from './git-path.js';
import { GitError } from './git-error.js';
import { git, gitLine, tryGit } from './git-process.js';

/** The commit a name stands for: branch, tag, object id or expression such as `HEAD~2`. Never taken for an option. */
export async function resolveCommit(repository: string, ref: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const { status, stdout } = await tryGit(repository, args);
  const id = stdout.toString('utf8').trim();
  if (status === 0 && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return id;
  await git(repository, ['rev-parse', '--git-dir']);
  throw new GitError('unknown-ref', `no commit is named ${JSON.stringify(ref)} in this repository`);
}

/** The best common ancestor of two commits, or nothing when their histories never met (or were cut before they met). */
export async function mergeBase(repository: string, a: string, b: string): Promise<string | undefined> {
  const [one, other] = await Promise.all([resolveCommit(repository, a), resolveCommit(repository, b)]);
  const { status, stdout } = await tryGit(repository, ['merge-base', one, other]);
  return status === 0 ? stdout.toString('utf8').trim() : undefined;
}

/**
 * The full name of the branch that changes are merged into: what `origin/HEAD` says, else the first of the customary
 * names, on `origin` before local.
 */
export async function defaultBranch(repository: string): Promise<string> {
  const head = await tryGit(repository, ['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD']);
  const names = ['main', 'master', 'trunk', 'develop'];
  const candidates = [
    ...(head.status === 0 ? [head.stdout.toString('utf8').trim()] : []),
    ...names.map((name) => `refs/remotes/origin/${name}`),
    ...names.map((name) => `refs/heads/${name}`),
  ];
  for (const ref of candidates) {
    const found = await tryGit(repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
    if (found.status === 0) return ref;
  }
  await git(repository, ['rev-parse', '--git-dir']);
  throw new GitError('unknown-ref', 'the repository has no default branch: name the base');
}

/** The tree a commit holds. */
export async function treeOf(repository: string, commit: string): Promise<string> {
  return gitLine(repository, ['rev-parse', '--verify', `${await resolveCommit(repository, commit)}^{tree}`]);
}

/** A regular file's bytes in a commit; nothing when there is none at that path (a symlink or submodule is none). */
export async function readFileAt(
  repository: string,
  commit: string,
  path: string,
  maxBytes = 1024 * 1024,
): Promise<Buffer | undefined> {
  const id = await resolveCommit(repository, commit);
  const name = pathBytes(path).toString('utf8');
  const listed = await git(repository, ['ls-tree', '-z', '-l', '--full-tree', id, '--', name]);
  const entry = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t([^]*)\0$/.exec(listed.toString('utf8'));
  if (!entry?.[1] || entry[3] !== name) return undefined;
  if (Number(entry[2]) > maxBytes)
    throw new GitError('too-large', `${path} has ${entry[2]} bytes, at most ${maxBytes}`);
  return git(repository, ['cat-file', 'blob', entry[1]], { maxOutputBytes: maxBytes });
}

/** Names of the regular files of a folder in a commit; none when there is no such folder. */
export async function listFolderAt(repository: string, commit: string, folder: string): Promise<string[]> {
  const id = await resolveCommit(repository, commit);
  const listed = await git(repository, ['ls-tree', '-z', '--full-tree', id, '--', `${folder}/`]);
  return listed
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => /^100\d{3} blob [0-9a-f]+\t(.*)$/.exec(entry)?.[1] ?? []);
}
