import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GitError } from './git-error.js';
import { git, gitLine, tryGit } from './git-process.js';
import { resolveCommit, treeOf } from './repository.js';

const maxDiffBytes = 64 * 1024 * 1024;

/**
 * A commit that is `base` with a unified diff applied: what `--diff FILE` reviews.
 *
 * Works in a temporary index: no file, branch or index of the repository moves, only objects are added. The same base
 * and diff give the same commit id, since name and date are taken from base.
 *
 * @throws GitError `bad-diff` | `empty-change` | `too-large` | `unknown-ref` | `not-a-repository`
 */
export async function commitFromDiff(repository: string, base: string, diffText: string | Buffer): Promise<string> {
  if (Buffer.byteLength(diffText) > maxDiffBytes)
    throw new GitError('too-large', `a diff has at most ${maxDiffBytes} bytes`);
  const parent = await resolveCommit(repository, base);
  const scratch = await mkdtemp(join(tmpdir(), 'conclave-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    await git(repository, ['read-tree', parent], { env });
    const apply = ['apply', '--cached', '--whitespace=nowarn', '--unidiff-zero', '-'];
    // Below the top, git passes over the paths of a diff that lie elsewhere, and says nothing.
    const top = resolve(repository, await gitLine(repository, ['rev-parse', '--show-cdup']));
    const { status, stderr } = await tryGit(top, apply, { env, input: Buffer.from(diffText) });
    if (status !== 0) throw new GitError('bad-diff', `the diff does not apply to base: ${stderr.trim().slice(0, 500)}`);
    const tree = await gitLine(repository, ['write-tree'], { env });
    if (tree === (await treeOf(repository, parent))) throw new GitError('empty-change', 'the diff changes nothing');
    const date = await gitLine(repository, [
      'rev-list',
      '--max-count=1',
      '--no-commit-header',
      '--format=%cd',
      '--date=raw',
      parent,
    ]);
    const who = { NAME: 'conclave', EMAIL: 'conclave@localhost', DATE: date };
    const identity = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((role) =>
        Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
      ),
    );
    return await gitLine(repository, ['commit-tree', '-p', parent, tree], {
      env: identity,
      input: 'diff under review\n',
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
