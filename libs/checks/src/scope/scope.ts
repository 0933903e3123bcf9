/**
 * Whether a change stays where its stated intent points.
 *
 * Words of the intent and the scopes of conventional commit subjects are looked for in paths and in changed lines. An
 * area is told only when other areas do match: an intent that names nothing found in the change judges nothing.
 */
import { canonicalFindings, type Check, type Finding } from '../check.js';
import type { Change, FileChange } from '../change.js';
import { folderOf, isCi, isDocumentation, isLockfile, isManifest, isTestFile, nameOf } from '../source/file-kind.js';

const maxFindings = 20;
/** Words that any intent may hold and that name no place. */
const common = new Set(
  'a about add added adds after all allow also an and any are as at avoid be because been before better bug bugs but by call can change changed changes chore ci clean cleanup code correct create current default delete do docs does don done each enable ensure error errors feat feature file files fix fixed fixes for from function get give handle has have help if implement improve in instead into is issue it its keep less let like main make makes merge method minor more move need needs new no not now of off old on one only or other our out over part perf pr proper properly refactor release remove removed rename replace return returns run set should simple simplify so some src style support test tests than that the their them then there these they this to todo tweak type types up update updated use used user uses using value version was we when where which will with without work works wrong you'.split(
    ' ',
  ),
);

export const scope: Check = {
  id: 'scope',
  version: '1.0.0',
  family: 'conclave',
  title: 'Scope',
  description: 'Tells areas of the repository that a change touches and its stated intent does not speak of.',
  limits:
    'Compares words, not meaning: an area counts as spoken of when a word of the intent occurs in a path or a changed line there. Tests, documentation, lockfiles and files beside a mentioned one are never out of scope. Only warnings; abstains when nobody stated an intent or it matches nothing.',
  reads: () => false,
  run(change) {
    const words = intentWords(change);
    if (words.size === 0) return { applies: false, reason: 'no intent was stated' };
    const files = change.files.filter(({ path }) => !alwaysInScope(path));
    const inScope = files.filter((file) => isMentioned(file, words));
    if (inScope.length === 0) return { applies: false, reason: 'the intent names nothing that the change touches' };
    return { applies: true, findings: canonicalFindings(strangers(files, inScope)) };
  },
};

function intentWords(change: Change): Set<string> {
  const scopes = change.commits.map(({ message }) => /^[a-z]+\(([^)]+)\)!?:/i.exec(message)?.[1] ?? '');
  return new Set([change.intent ?? '', ...scopes].flatMap(wordsOf).filter((word) => !common.has(word)));
}

/** Lower-case words without their commonest endings; names are taken apart at case, dots, dashes and slashes. */
function wordsOf(text: string): string[] {
  const parts =
    text
      .replace(/([a-z\d])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[\p{L}\d]{2,}/gu) ?? [];
  return parts.map((word) => (word.length > 4 ? word.replace(/(?:ies|ing|ed|es|s|y)$/, '') : word));
}

const alwaysInScope = (path: string): boolean =>
  isTestFile(path) ||
  isDocumentation(path) ||
  isLockfile(path) ||
  isManifest(path) ||
  /^\.[\w-]+(ignore|rc)?$/.test(nameOf(path));

/** By its path, or by a line it adds or removes: renaming a thing touches every file that speaks of it. */
function isMentioned({ path, oldPath, hunks }: FileChange, words: ReadonlySet<string>): boolean {
  if (wordsOf(`${path} ${oldPath ?? ''}`).some((word) => words.has(word))) return true;
  return hunks.some(({ added, removed }) =>
    [...added, ...removed].some((line) =>
      wordsOf(line.slice(0, 1_000)).some((word) => word.length > 3 && words.has(word)),
    ),
  );
}

/** An area: the folder two levels deep, which in most trees is a package or a module. */
const areaOf = (path: string): string => folderOf(path).split('/').slice(0, 2).join('/').replace(/\/$/, '');

function strangers(files: readonly FileChange[], inScope: readonly FileChange[]): Finding[] {
  const home = new Set(inScope.map(({ path }) => areaOf(path)));
  const outside = files.filter(({ path }) => !home.has(areaOf(path)));
  const areas = Map.groupBy(outside, ({ path }) => areaOf(path));
  return [...areas].slice(0, maxFindings).flatMap(([area, [first, ...rest]]): Finding[] => {
    if (!first) return [];
    const where = area ? `${area}/` : 'the top folder';
    const count = rest.length ? ` (${rest.length + 1} files)` : '';
    const rule = isCi(first.path) ? 'unmentioned-pipeline' : 'unmentioned-area';
    const line = first.status === 'deleted' ? 1 : Math.max(1, first.hunks[0]?.newStart ?? 1);
    return [
      {
        path: first.path,
        line,
        rule,
        severity: 'warning',
        message: `the change touches ${where}${count}, of which the intent does not speak`,
      },
    ];
  });
}
