/** Numbers that decide whether tests are good enough, and configuration that leaves tests out. */
import type { Finding } from '../check.js';
import type { Change, Hunk } from '../change.js';
import { isCi, isDocumentation, isLockfile, nameOf } from '../source/file-kind.js';
import {
  addedLines,
  type FileView,
  net,
  removedLines,
  squeezed,
  textFiles,
  type TouchedLine,
} from '../source/introduced.js';
import { indentOf } from '../source/blocks.js';

const configName =
  /^(?:(?:jest|vitest|vite|karma|nyc|wdio|playwright|stryker|cypress|ava|web-test-runner)[\w.-]*\.(?:[cm]?[jt]s|json)|\.nycrc(?:\.\w+)?|\.c8rc(?:\.json)?|\.mocharc\.\w+|package\.json|pyproject\.toml|pytest\.ini|setup\.cfg|tox\.ini|noxfile\.py|\.coveragerc|\.?codecov\.ya?ml|pom\.xml|build\.gradle(?:\.kts)?|\.simplecov|spec_helper\.rb|phpunit\.xml(?:\.dist)?|infection\.json5?|Makefile|justfile|Taskfile\.ya?ml|tarpaulin\.toml|sonar-project\.properties|Directory\.Build\.props|.*\.sh)$/;

/** Whether a file decides how tests are run or measured. */
export const isTestConfig = (path: string): boolean =>
  (configName.test(nameOf(path)) || isCi(path)) && !isLockfile(path) && !isDocumentation(path);

const lowerIsWeaker =
  /coverage|\b(?:branches|functions|lines|statements)\b|fail[-_]?under|\bminimum\b|\bmin(?:Msi|CoveredMsi|_?score)?\b|\btarget\b|threshold|\bscore\b|\bbreak\b|\bhigh\b|\blow\b|maximum_coverage_drop/i;
/** Words such as `target` and `high` mean a bar for tests only in such a file or section. */
const aboutTests = /coverage|threshold|fail[-_]?under|\bminimum\b|codecov|stryker|infection|nyc|c8/i;
const higherIsWeaker = /max[-_]?(?:warnings|failures|diff\w*|drop)|tolerance|\breruns\b/i;
/** Elsewhere it is downloads and health probes that are tried again. */
const retriesTests = /^(?:jest|vitest|vite|playwright|cypress|wdio|karma|\.mocharc)\b/;
const isGate =
  /fail[-_]?under|coverageThreshold|check-coverage|minimum_coverage|max-warnings|<minimum>|thresholds?\b.*[:=]/i;
const leavesOut =
  /testPathIgnorePatterns|--ignore(?:=|\s)|--deselect\b|collect_ignore|norecursedirs|\bexclude(?:d?Groups|s)?\b.*(?:test|spec)|-(?:DexcludedGroups|Dtest=!)|--exclude\b.*(?:test|spec)|--skip\s|-k\s+["']?not\b|-m\s+["']?not\b|spec_pattern|coveragePathIgnorePatterns|<exclude>.*[Tt]est/;

/** Gates lowered or taken away, and tests that a configuration now leaves out. */
export function loweredThresholds(change: Change): Finding[] {
  const views = textFiles(change, isTestConfig);
  return [
    ...views.flatMap((view) => view.file.hunks.flatMap((hunk) => lowered(view, hunk))),
    ...removedGates(views),
    ...leftOut(views),
  ];
}

function lowered(view: FileView, hunk: Hunk): Finding[] {
  const findings: Finding[] = [];
  const free = hunk.removed.map((text) => ({ text, key: numberless(text) }));
  hunk.added.forEach((text, at) => {
    const partner = free.findIndex(({ key }) => key === numberless(text));
    const [old] = partner < 0 ? [] : free.splice(partner, 1);
    if (!old || old.text === text) return;
    const context = `${sectionOf(view, hunk.newStart + at)} ${text}`;
    if (versioned.test(context) || !isWeaker(view, context, numbers(old.text), numbers(text))) return;
    const message = `"${squeezed(old.text)}" became "${squeezed(text)}": the bar for tests is lower`;
    findings.push({ path: view.path, line: hunk.newStart + at, rule: 'lowered-threshold', severity: 'error', message });
  });
  return findings;
}

/** Numbers that measure something: not parts of versions, ranges, references or names such as `es2022`. */
const numberPattern = /(?<![\w.^~@]|[=~!<>]=\s?)\d+(?:\.\d+)?(?!\w|\.\d)/g;
const versioned = /version|dependenc|engines|overrides|resolutions|volta/i;
const numberless = (text: string): string => squeezed(text).replace(numberPattern, '#').replace(/,$/, '');
const numbers = (text: string): number[] => (text.match(numberPattern) ?? []).map(Number);

const maxSectionLines = 300;

/** The keys a line stands under, nearest first, and the table of TOML: `lines: 80` means coverage only below a threshold. */
function sectionOf(view: FileView, line: number): string {
  const above = view.after.slice(Math.max(0, line - 1 - maxSectionLines), line - 1);
  const table = view.language === 'toml' ? above.findLast(({ code }) => /^\s*\[/.test(code))?.text : undefined;
  let depth = indentOf(view.after[line - 1]?.text ?? '');
  const keys = table === undefined ? [] : [table.trim()];
  for (const { text } of above.reverse()) {
    if (depth === 0 || keys.length >= 6) break;
    if (!text.trim() || indentOf(text) >= depth) continue;
    depth = indentOf(text);
    keys.push(text.trim());
  }
  return keys.join(' ');
}

function isWeaker(view: FileView, context: string, old: readonly number[], now: readonly number[]): boolean {
  const fell = old.some((value, at) => (now[at] ?? value) < value);
  const rose = old.some((value, at) => (now[at] ?? value) > value);
  if (
    /codecov/.test(view.path) &&
    /\bthreshold\s*:/.test(context) &&
    !/target/.test(context.split(' ').slice(-3).join(' '))
  )
    return rose;
  if (higherIsWeaker.test(context) || (/\bretries\b/.test(context) && retriesTests.test(nameOf(view.path))))
    return rose;
  return fell && lowerIsWeaker.test(context) && aboutTests.test(`${view.path} ${context}`);
}

function removedGates(views: readonly FileView[]): Finding[] {
  const gates = (line: TouchedLine): { path: string; signature: string; line: TouchedLine }[] => {
    const match = isGate.exec(line.code.trim() ? line.text : '');
    const elsewhere = isCi(line.view.path) || line.view.language === 'shell';
    return match && (!elsewhere || /cov|warnings/i.test(line.text))
      ? [{ path: line.view.path, signature: match[0].toLowerCase().replace(/[^a-z]/g, ''), line }]
      : [];
  };
  const left = net(
    views.flatMap((view) => addedLines(view).flatMap(gates)),
    views.flatMap((view) => removedLines(view).flatMap(gates)),
  );
  return left.removed
    .filter(({ line }) => line.view.file.status !== 'deleted')
    .map(({ path, line }) => ({
      path,
      line: line.line,
      rule: 'removed-threshold',
      severity: 'error',
      message: `"${squeezed(line.text)}" is gone: nothing sets the bar for tests any more`,
    }));
}

function leftOut(views: readonly FileView[]): Finding[] {
  const found = (line: TouchedLine): { path: string; signature: string; line: TouchedLine }[] =>
    leavesOut.test(line.text) && line.code.trim()
      ? [{ path: line.view.path, signature: squeezed(line.text).replace(/["',]/g, ''), line }]
      : [];
  const left = net(
    views.flatMap((view) => addedLines(view).flatMap(found)),
    views.flatMap((view) => removedLines(view).flatMap(found)),
  );
  return left.added.map(({ path, line }) => ({
    path,
    line: line.line,
    rule: 'excluded-tests',
    severity: 'warning',
    message: `"${squeezed(line.text)}" leaves tests or coverage out`,
  }));
}
