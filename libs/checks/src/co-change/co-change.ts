/**
 * Files that history changes together: X changed with Y, and this change leaves Y.
 *
 * Association rules over commits: support = past commits that touch X, confidence = the share of them that touch Y too.
 */
import { canonicalFindings, type Check, type Finding } from '../check.js';
import type { Change, FileChange, PastCommit } from '../change.js';
import { isDocumentation, isGenerated, isLockfile, nameOf } from '../source/file-kind.js';
import { addedLines, removedLines, viewOf } from '../source/introduced.js';

const minSupport = 5;
const minConfidence = { num: 7, den: 10 };
/** A commit or change that touches more is a sweep and binds nothing together. */
const sweep = 40;
const maxFindings = 20;

/** What follows from everything follows from nothing: a file in more than half of all commits is nobody's companion. */
const everywhere = { num: 1, den: 2 };

export const coChange: Check = {
  id: 'co-change',
  version: '1.0.0',
  family: 'conclave',
  title: 'Co-change',
  description:
    'Tells files that changed together with a changed file in at least 70 % of at least five past commits, and were left this time.',
  limits:
    'Sees only the commits it is given (by default the last 1,000 before base), under the names files had then. Merges, roots and commits of more than 40 files do not count; lockfiles, generated files, change logs and files in more than half of all commits are nobody’s companions. A change of documentation or of comments asks for nothing.',
  run(change) {
    const changed = new Set(change.files.flatMap(({ path, oldPath }) => (oldPath ? [path, oldPath] : [path])));
    if (changed.size > sweep) return { applies: false, reason: `the change touches more than ${sweep} files` };
    const commits = change.history.filter(({ files }) => files.length > 1 && files.length <= sweep);
    if (commits.length < minSupport) {
      return { applies: false, reason: `fewer than ${minSupport} usable commits stand before the change` };
    }
    return { applies: true, findings: canonicalFindings(strongest(change, commits, changed)) };
  },
};

/** A typo mended in a comment asks nothing of other files. */
function isOnlyCommented(file: FileChange): boolean {
  const view = viewOf(file);
  const lines = [...addedLines(view), ...removedLines(view)];
  return lines.length > 0 && lines.every(({ code, comment }) => !code.trim() && comment.trim());
}

interface Companion {
  path: string;
  left: string;
  together: number;
  of: number;
}

function strongest(change: Change, commits: readonly PastCommit[], changed: ReadonlySet<string>): Finding[] {
  const overall = new Map<string, number>();
  for (const { files } of commits) for (const path of files) overall.set(path, (overall.get(path) ?? 0) + 1);
  const present = new Set(change.tree.head);
  const mayBeLeft = (path: string): boolean =>
    present.has(path) &&
    !changed.has(path) &&
    !isLockfile(path) &&
    !isGenerated(path) &&
    !/^(changelog|changes|history|news|release[-_]?notes)\b/i.test(nameOf(path)) &&
    (overall.get(path) ?? 0) * everywhere.den <= change.history.length * everywhere.num;
  const best = new Map<string, Companion>();
  for (const file of change.files) {
    const { path, oldPath, status } = file;
    if (status === 'added' || isLockfile(path) || isDocumentation(path) || isOnlyCommented(file)) continue;
    for (const companion of companionsOf(oldPath ?? path, commits, mayBeLeft)) {
      const known = best.get(companion.left);
      if (!known || companion.together * known.of > known.together * companion.of)
        best.set(companion.left, { ...companion, path });
    }
  }
  const all = [...best.values()].sort((a, b) => b.together * a.of - a.together * b.of || (a.left < b.left ? -1 : 1));
  return all.slice(0, maxFindings).map((companion) => findingOf(change, companion));
}

function companionsOf(path: string, commits: readonly PastCommit[], mayBeLeft: (path: string) => boolean): Companion[] {
  const touching = commits.filter(({ files }) => files.includes(path));
  if (touching.length < minSupport) return [];
  const together = new Map<string, number>();
  for (const { files } of touching) for (const other of files) together.set(other, (together.get(other) ?? 0) + 1);
  return [...together]
    .filter(
      ([other, count]) =>
        other !== path && count * minConfidence.den >= touching.length * minConfidence.num && mayBeLeft(other),
    )
    .map(([left, count]) => ({ path, left, together: count, of: touching.length }));
}

function findingOf(change: Change, { path, left, together, of }: Companion): Finding {
  const file = change.files.find((one) => one.path === path);
  const line = Math.max(1, file?.hunks[0]?.newStart ?? 1);
  const share = Math.floor((100 * together) / of);
  const message = `${path} changed with ${left} in ${share} % of history (${together} of ${of}); you left ${left}`;
  return { path, line: file?.status === 'deleted' ? 1 : line, rule: 'left-behind', severity: 'warning', message };
}
