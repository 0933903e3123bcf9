/**
 * Files that history changes together: X changed with Y, and this change leaves Y.
 *
 * Association rules over commits: support = past commits that touch X, confidence = the share of them that touch Y too.
 */
import { canonicalFindings, type Check, type Finding } from '../check.js';
import type { Change, FileChange, PastCommit } from '../change.js';
import { isDocumentation, isGenerated, isLockfile, isTestFile, nameOf } from '../source/file-kind.js';
import { addedLines, countBy, removedLines, viewOf } from '../source/introduced.js';

const minSupport = 5;
const minConfidence = { num: 7, den: 10 };
/** A commit or change that touches more is a sweep and binds nothing together. */
const sweep = 40;
const maxFindings = 20;

/** A file in more than half of the commits that leave X alone follows from everything, so from X it does not follow. */
const unrelated = { num: 1, den: 2 };

export const coChange: Check = {
  id: 'co-change',
  version: '1.0.0',
  family: 'conclave',
  title: 'Co-change',
  description:
    'Tells files that changed together with a changed file in at least 70 % of at least five past commits, and were left this time.',
  limits:
    'Sees only the commits it is given (by default the last 1,000 before base), under the names files had then. Merges, roots and commits of more than 40 files do not count; lockfiles, generated files, change logs and files that change as often without X are nobody’s companions. A change of tests, documentation or comments asks for nothing.',
  reads: () => false,
  run(change) {
    const changed = new Set(change.files.flatMap(({ path, oldPath }) => (oldPath ? [path, oldPath] : [path])));
    if (changed.size > sweep) return { applies: false, reason: `the change touches more than ${sweep} files` };
    const commits = change.history.filter(({ files }) => files.length > 0 && files.length <= sweep);
    if (commits.length < minSupport) {
      return { applies: false, reason: `fewer than ${minSupport} usable commits stand before the change` };
    }
    return { applies: true, findings: canonicalFindings(strongest(change, commits, changed)) };
  },
};

/** Tests and documentation follow the code; when they change alone, nothing else has to. */
const leadsNowhere = (path: string): boolean => isDocumentation(path) || isTestFile(path);

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
  const present = new Set(change.tree.head);
  const mayBeLeft = (path: string): boolean =>
    present.has(path) &&
    !changed.has(path) &&
    !isLockfile(path) &&
    !isGenerated(path) &&
    !/^(changelog|changes|history|news|release[-_]?notes)\b/i.test(nameOf(path));
  const overall = countBy(
    commits.flatMap(({ files }) => files),
    (path) => path,
  );
  const best = new Map<string, Companion>();
  for (const file of change.files) {
    const { path, oldPath, status } = file;
    if (status === 'added' || isLockfile(path) || leadsNowhere(path) || isOnlyCommented(file)) continue;
    const touching = commits.filter(({ files }) => files.includes(oldPath ?? path));
    const others = commits.length - touching.length;
    if (touching.length < minSupport) continue;
    for (const [left, together] of countBy(
      touching.flatMap(({ files }) => files),
      (other) => other,
    )) {
      const apart = (overall.get(left) ?? 0) - together;
      const follows = together * minConfidence.den >= touching.length * minConfidence.num;
      if (!follows || !mayBeLeft(left) || apart * unrelated.den > others * unrelated.num) continue;
      const known = best.get(left);
      const companion = { path, left, together, of: touching.length };
      if (!known || together * known.of > known.together * companion.of) best.set(left, companion);
    }
  }
  const all = [...best.values()].sort((a, b) => b.together * a.of - a.together * b.of || (a.left < b.left ? -1 : 1));
  return all.slice(0, maxFindings).map((companion) => findingOf(change, companion));
}

function findingOf(change: Change, { path, left, together, of }: Companion): Finding {
  const file = change.files.find((one) => one.path === path);
  const line = Math.max(1, file?.hunks[0]?.newStart ?? 1);
  const share = Math.round((100 * together) / of);
  const message = `${path} changed with ${left} in ${share} % of history (${together} of ${of}); you left ${left}`;
  return { path, line: file?.status === 'deleted' ? 1 : line, rule: 'left-behind', severity: 'warning', message };
}
