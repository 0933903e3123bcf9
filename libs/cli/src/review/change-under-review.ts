import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  GitError,
  commitFromDiff,
  defaultBranch,
  gitLine,
  mergeBase,
  resolveCommit,
  treeOf,
  tryGit,
} from '@conclave/connectors';
import { usage } from '../fault.js';
import { printable } from '../printable.js';
import { nameOf, uncommitted } from './work-tree.js';

/** What is to be judged, and what the person should know about the choice. */
export interface ChangeUnderReview {
  readonly repository: string;
  readonly name: string;
  readonly base: string;
  readonly head: string;
  /** Tip of the branch the change is for: its jury judges. */
  readonly target: string;
  readonly title: string;
  readonly notices: readonly string[];
}

export interface Choice {
  readonly repo: string;
  readonly base?: string | undefined;
  readonly head?: string | undefined;
  /** Path of a unified diff, `-` for stdin. */
  readonly diff?: string | undefined;
}

interface Ends {
  readonly base: string;
  readonly head: string;
  readonly target: string;
  readonly notices: readonly string[];
}

/** @throws GitError | Fault */
export async function changeUnderReview({ repo, ...choice }: Choice): Promise<ChangeUnderReview> {
  await gitLine(repo, ['rev-parse', '--git-dir']);
  const ends = choice.diff === undefined ? await endsOfBranch(repo, choice) : await endsOfDiff(repo, choice);
  if ((await treeOf(repo, ends.base)) === (await treeOf(repo, ends.head)))
    throw new GitError('empty-change', 'base and head hold the same files');
  const left = choice.diff === undefined && choice.head === undefined ? await uncommitted(repo) : [];
  return {
    repository: repo,
    name: await nameOf(repo),
    title: await titleOf(repo, ends.head),
    ...ends,
    notices: [...ends.notices, ...(left.length > 0 ? [uncommittedNotice(left)] : [])],
  };
}

const uncommittedNotice = (paths: readonly string[]): string =>
  `${paths.length} path${paths.length > 1 ? 's are' : ' is'} changed but not committed, and ${paths.length > 1 ? 'are' : 'is'} not judged: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''}`;

/** The commits of a branch since it left the one it is for. */
async function endsOfBranch(repo: string, choice: Pick<Choice, 'base' | 'head'>): Promise<Ends> {
  const head = await resolveCommit(repo, choice.head ?? 'HEAD');
  const branch = choice.base ?? (await defaultBranch(repo));
  const target = await resolveCommit(repo, branch);
  const base = await mergeBase(repo, target, head);
  if (base === undefined)
    throw new GitError(
      'unknown-ref',
      `${branch} and ${choice.head ?? 'HEAD'} have no common commit in this repository`,
    );
  if (base !== head || choice.base !== undefined) return { base, head, target, notices: [] };
  return lastCommit(repo, head, branch);
}

/** On the branch itself there is nothing ahead of it: its newest commit is judged, by the jury before it. */
async function lastCommit(repo: string, head: string, branch: string): Promise<Ends> {
  const parent = await tryGit(repo, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${head}^1`]);
  if (parent.status !== 0)
    throw new GitError('empty-change', 'there is one commit only, and nothing to compare it with');
  const base = parent.stdout.toString('utf8').trim();
  const short = branch.replace(/^refs\/(heads|remotes)\//, '');
  return { base, head, target: base, notices: [`nothing is ahead of ${short}: its last commit is judged`] };
}

async function endsOfDiff(repo: string, choice: Omit<Choice, 'repo'>): Promise<Ends> {
  if (choice.head !== undefined) throw usage('--diff brings its own head: leave --head out');
  const base = await resolveCommit(repo, choice.base ?? 'HEAD');
  const head = await commitFromDiff(repo, base, await readDiff(choice.diff!));
  const target = await defaultBranch(repo).then(
    (branch) => resolveCommit(repo, branch),
    () => base,
  );
  return { base, head, target, notices: [] };
}

/** As bytes: what a diff speaks of is in whatever encoding the files have. */
async function readDiff(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${cause.code})`);
  });
}

async function titleOf(repo: string, commit: string): Promise<string> {
  const subject = await gitLine(repo, ['log', '-1', '--no-show-signature', '--format=%s', commit]);
  return printable(subject).trim().slice(0, 120) || commit.slice(0, 12);
}
