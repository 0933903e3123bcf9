/** Test commands whose failure no longer counts, or that no longer run. */
import type { Change } from '../change.js';
import type { Finding } from '../check.js';
import { isCi, isDocumentation, isLockfile, isTestFile, nameOf } from '../source/file-kind.js';
import {
  addedLines,
  type FileView,
  net,
  removedLines,
  squeezed,
  textFiles,
  type TouchedLine,
} from '../source/introduced.js';

const testCommand =
  /\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:-\S+\s+)*(?:test|t)\b|\b(?:npx|pnpx|bunx|pnpm exec|npm exec)\s+(?:--?\S+\s+)*(?:jest|vitest|mocha|ava|playwright|cypress|karma)\b|(?<![\w/.-])(?:jest|vitest|mocha|ava|pytest|tox|nox|rspec|phpunit|pest|ctest|bats|karma start|cypress run|playwright test|nyc)(?![\w.-]|:)|\bgo\s+test\b|\bcargo\s+(?:\+\S+\s+)?(?:test|nextest)\b|\bmvnw?(?:\s+[^\s|;&#]+){0,20}?\s+(?:test|verify|install|package)\b(?!\S)|\bgradlew?(?:\s+[^\s|;&#]+){0,20}?\s+\S{0,60}(?:test|check|build)\b(?!\S)|\b(?:dotnet|swift|mix|deno|dart|flutter|zig build|sbt|bazel|lein|cabal|stack|nx|turbo run|turbo|rake|crystal|node --)\s*test\b|\bmake\s+(?:-\S+\s+)*(?:test|check)\b|\bbundle\s+exec\s+(?:rspec|rake)\b|\bpython\S*\s+-m\s+(?:pytest|unittest)\b|\bmanage\.py\s+test\b/;
const ignored =
  /\|\|\s*(?:true|:|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\s*["']?\s*,?\s*$|--passWithNoTests|-Dmaven\.test\.failure\.ignore|--no-run\b/;
/** Builds may be told to leave tests to another step; one that ran them and no longer does is another matter. */
const skips = /-DskipTests|-DskipITs|-Dmaven\.test\.skip|(?:^|\s)-x\s+test\b/;
const tolerated =
  /^\s*(?:-\s*)?(?:continue-on-error\s*:\s*['"]?true|allow_failure\s*:\s*true|ignore_errors\s*:\s*(?:true|yes)|continueOnError\s*:\s*true)\b/i;
const never = /^\s*(?:-\s*)?(?:if\s*:\s*(?:\$\{\{\s*)?false\b|when\s*:\s*never\b)/;

/** Files that say which commands are run. */
export const runsCommands = (path: string): boolean =>
  !isLockfile(path) &&
  !isDocumentation(path) &&
  !/(^|\/)(node_modules|vendor|third[-_]party)\//.test(path) &&
  (isCi(path) ||
    /^(package\.json|(GNU)?Makefile|justfile|Taskfile\.ya?ml|tox\.ini|noxfile\.py|Rakefile|pyproject\.toml|composer\.json|deno\.jsonc?|Dockerfile.*|.*\.(sh|bash|mk))$/.test(
      nameOf(path),
    ));

export function ignoredFailures(change: Change): Finding[] {
  const views = textFiles(change, runsCommands);
  return [...newlyIgnored(views), ...views.flatMap(endsWell), ...removedCommands(change, views)];
}

interface Occurrence {
  path: string;
  signature: string;
  line: TouchedLine;
  message: string;
}

function newlyIgnored(views: readonly FileView[]): Finding[] {
  const left = net(
    views.flatMap((view) => addedLines(view).flatMap((line) => ignoredOn(line, view.after))),
    views.flatMap((view) => removedLines(view).flatMap((line) => ignoredOn(line, view.before))),
  );
  return left.added.map(({ path, line, message }) => ({
    path,
    line: line.line,
    rule: 'ignored-failure',
    severity: 'error',
    message,
  }));
}

function ignoredOn(line: TouchedLine, side: FileView['after']): Occurrence[] {
  if (isTestFile(line.view.path)) return [];
  const text = line.comment.trim() ? line.text.slice(0, line.text.length - line.comment.trimStart().length) : line.text;
  const found = (signature: string, message: string): Occurrence[] => [
    { path: line.view.path, signature, line, message },
  ];
  if (testCommand.test(text) && ignored.test(text))
    return found('ignored', `"${squeezed(text)}" passes whatever the tests say`);
  if (testCommand.test(text) && skips.test(text) && ranBefore(line))
    return found('skipped', `"${squeezed(text)}" builds without the tests it ran before`);
  const block = tolerated.test(text) || never.test(text) ? blockAround(side, line.number) : [];
  if (!block.some((one) => testCommand.test(one.text) && !/^\s*#/.test(one.text))) return [];
  return never.test(text)
    ? found('never', 'the step that runs tests never runs')
    : found('tolerated', 'the step that runs tests may fail without consequence');
}

/** The hunk takes away a command of the same tool that ran the tests. */
const ranBefore = ({ view, number }: TouchedLine): boolean =>
  view.file.hunks.some(
    ({ newStart, newLines, removed }) =>
      newStart <= number &&
      number < newStart + newLines &&
      removed.some((text) => testCommand.test(text) && !skips.test(text)),
  );

/** The step or job a key belongs to: its siblings and all that stands below them. */
function blockAround(lines: FileView['after'], number: number): FileView['after'] {
  const depthOf = (at: number): number => {
    const text = lines[at]?.text ?? '';
    return text.trim() ? (/^\s*(?:-\s+)?/.exec(text)?.[0].length ?? 0) : Infinity;
  };
  const depth = depthOf(number - 1);
  const opensItem = (at: number): boolean => depthOf(at) === depth && /^\s*-\s/.test(lines[at]?.text ?? '');
  let first = number - 1;
  while (first > 0 && !opensItem(first) && depthOf(first - 1) >= depth) first--;
  let last = number;
  while (last < lines.length && !opensItem(last) && depthOf(last) >= depth) last++;
  return lines.slice(first, last);
}

/** A script that runs tests and now says success at its end, whatever they said. */
function endsWell(view: FileView): Finding[] {
  if (view.language !== 'shell' || isTestFile(view.path)) return [];
  const last = view.after.findLastIndex(({ code }) => code.trim());
  const runs = view.after.findIndex(({ text, comment }) => testCommand.test(text) && !comment.trim());
  const isNew = addedLines(view).some(({ number }) => number === last + 1);
  if (!isNew || runs < 0 || runs >= last || !/^(exit\s+0|true|:)$/.test(view.after[last]?.code.trim() ?? '')) return [];
  const strict = view.after.some(({ code }) => /^\s*set\s+-\w*e/.test(code));
  if (strict) return [];
  return [
    {
      path: view.path,
      line: last + 1,
      rule: 'ignored-failure',
      severity: 'error',
      message: 'the script ends with success whatever the tests before it said',
    },
  ];
}

/** Tests that no command of a file runs any more, and no other file took over. */
function removedCommands(change: Change, views: readonly FileView[]): Finding[] {
  const runs = (text: string): boolean =>
    text.split('\n').some((line) => testCommand.test(line) && !/^\s*(#|\/\/)/.test(line));
  const gained = views.some((view) => addedLines(view).some(({ text, code }) => code.trim() && testCommand.test(text)));
  const ciRuns = Object.entries(change.context.head).some(([path, text]) => isCi(path) && runs(text));
  return views.flatMap((view) => {
    const lost = removedLines(view).find(
      ({ text, code, view: { path } }) =>
        code.trim() && testCommand.test(text) && (nameOf(path) !== 'package.json' || /"test(:\w+)?"\s*:/.test(text)),
    );
    if (!lost || gained || isTestFile(view.path)) return [];
    const remains =
      view.file.status === 'deleted' ? ciRuns || !isCi(view.path) : runs(view.after.map(({ text }) => text).join('\n'));
    return remains
      ? []
      : [
          {
            path: view.path,
            line: lost.line,
            rule: 'removed-test-command',
            severity: 'error',
            message: `"${squeezed(lost.text)}" is gone, and nothing here runs the tests instead`,
          },
        ];
  });
}
