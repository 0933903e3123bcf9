import { defaultBranch, GitError, resolveCommit } from '@conclave/connectors';

/** The branch that changes of a repository are for, as this checkout knows it. */
export interface Branch {
  readonly name: string;
  /** Its newest commit. */
  readonly tip: string;
}

/** Why there is none, and what to do about it. */
export interface NoBranch {
  readonly reason: string;
  readonly isRepository: boolean;
}

/**
 * Finds the branch: the one that is named, else the default branch.
 *
 * @throws GitError for a name that is none, and for whatever keeps git from answering
 */
export async function branchOf(folder: string, named: string | undefined): Promise<Branch | NoBranch> {
  try {
    const ref = named ?? (await defaultBranch(folder));
    return { name: ref.replace(/^refs\/(heads|remotes)\//, ''), tip: await resolveCommit(folder, ref) };
  } catch (error) {
    if (!(error instanceof GitError) || named !== undefined) throw error;
    if (error.code === 'not-a-repository') return { reason: 'this is no git repository', isRepository: false };
    if (error.code !== 'unknown-ref') throw error;
    return {
      reason:
        'this checkout has no default branch: fetch it (git fetch origin main:refs/remotes/origin/main), or name the branch changes are for with --target',
      isRepository: true,
    };
  }
}
