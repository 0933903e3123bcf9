import type { Change, LimitHit, PastCommit } from '@conclave/checks';
import { pathText } from './git-path.js';
import { gitRecords } from './git-process.js';

/** Paths kept of one commit: more than this is no evidence of anything belonging together. */
const maxPaths = 100;

/**
 * What commits before the change touched, newest first.
 *
 * `max` commits are looked at; merges (their work is in their parents), roots and the cut of a shallow clone (they
 * import, they do not change) are looked at but not returned, so a clone cut deeper than `max` gives the same answer as
 * a full one.
 */
export async function readHistory(
  repository: string,
  from: string,
  max: number,
  limits: LimitHit[],
): Promise<PastCommit[]> {
  const single: string[] = [];
  let seen = 0;
  const walk = ['rev-list', '--parents', `--max-count=${max + 1}`, from];
  for await (const record of gitRecords(repository, walk, {}, 10)) {
    const [sha = '', ...parents] = record.toString('latin1').split(' ');
    if (++seen <= max && parents.length === 1) single.push(sha);
  }
  if (seen > max) limits.push({ limit: 'history-commits', max, seen });
  if (single.length === 0) return [];
  const commits: PastCommit[] = [];
  let isPath = false;
  const names = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--always'];
  for await (const record of gitRecords(repository, names, { input: `${single.join('\n')}\n`, timeoutMs: 120_000 })) {
    const files = commits.at(-1)?.files;
    if (isPath) {
      if (files && files.length < maxPaths) files.push(pathText(record));
      isPath = false;
    } else if (record[0] === 0x3a) isPath = true;
    else commits.push({ sha: record.toString('latin1').trim(), files: [] });
  }
  return commits;
}

/** The commits of a change, oldest first, each message cut at 8,000 characters; the newest stay when there are too many. */
export async function readCommits(
  repository: string,
  base: string,
  head: string,
  max: number,
  limits: LimitHit[],
): Promise<Change['commits']> {
  const commits: Change['commits'] = [];
  const args = ['rev-list', `--max-count=${max + 1}`, '--encoding=UTF-8', '--format=%B%x00', head, `^${base}`];
  for await (const record of gitRecords(repository, args)) {
    const [, sha, message] = /^\s*commit ([0-9a-f]+)\n([^]*)$/.exec(record.toString('utf8')) ?? [];
    if (sha) commits.push({ sha, message: (message ?? '').trim().slice(0, 8000) });
  }
  if (commits.length > max) limits.push({ limit: 'change-commits', max, seen: commits.length });
  return commits.slice(0, max).reverse();
}
