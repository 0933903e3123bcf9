/** Tests and assertions that base has and head has not, after everything moved, renamed or rewritten is taken off. */
import type { Change } from '../change.js';
import type { Finding } from '../check.js';
import { isTestFile } from '../source/file-kind.js';
import {
  addedLines,
  type FileView,
  net,
  removedLines,
  squeezed,
  textFiles,
  type TouchedLine,
} from '../source/introduced.js';
import { isAssertion, isTabular, isTrivial, strengthOf } from './assertions.js';
import {
  caseAround,
  headLineOf,
  likeness,
  type MatchedCase,
  type PlacedCase,
  sharedLines,
  type TestSides,
} from './test-sides.js';

const alike = 0.5;

/** Deleted cases, one finding each, or one for a whole file that is gone. */
export function lostTests(change: Change, sides: TestSides): Finding[] {
  const gone = unexcused(sides, goneNames(change));
  const byView = Map.groupBy(gone, ({ view }) => view);
  return [...byView].flatMap(([view, cases]) => {
    if (view.file.status === 'deleted') {
      const message = `the file is deleted with ${count(cases.length, 'test')}, and none took their place`;
      return [{ path: view.path, line: 1, rule: 'deleted-test-file', severity: 'error', message }];
    }
    return cases.map((one) => ({
      path: view.path,
      line: headLineOf(view, one.header),
      rule: 'deleted-test',
      severity: 'error',
      message: `the test "${one.name}" is deleted, and none took its place`,
    }));
  });
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** Lost cases without a successor: none like it anywhere, none new in the same file, and what it tested still exists. */
function unexcused({ lost, gained, after }: TestSides, gone: ReadonlySet<string>): PlacedCase[] {
  const { left, free } = withoutSuccessors(lost, gained);
  const tables = new Set(gained.filter(({ body }) => isTabular(body)).map(({ view }) => view));
  const doubled = (one: PlacedCase): boolean =>
    after.some((other) => other.view === one.view && sharedLines(one.body, other.body) === 1);
  return left
    .filter((one) => !tables.has(one.view) && !doubled(one))
    .filter((one) => {
      const successor = [...free].find(({ view }) => view === one.view);
      return !successor || !free.delete(successor);
    })
    .filter(({ body }) => !body.some(({ code }) => (code.match(/\w{3,}/g) ?? []).some((word) => gone.has(word))));
}

const maxPairs = 40_000;

/** Takes pairs of a lost and a gained case that are alike in name or body, the most alike first. */
function withoutSuccessors(
  lost: readonly PlacedCase[],
  gained: readonly PlacedCase[],
): { left: PlacedCase[]; free: Set<PlacedCase> } {
  const left = new Set(lost);
  const free = new Set(gained);
  const pairs =
    lost.length * gained.length > maxPairs
      ? []
      : lost.flatMap((one) =>
          gained.map((other) => ({
            one,
            other,
            share: Math.max(likeness(one.name, other.name), sharedLines(one.body, other.body)),
          })),
        );
  const likely = pairs.filter(({ share }) => share >= alike).sort((a, b) => b.share - a.share);
  for (const { one, other } of likely) {
    if (!left.has(one) || !free.has(other)) continue;
    left.delete(one);
    free.delete(other);
  }
  return { left: [...left], free };
}

const definition =
  /\b(?:function\*?|def|func|fn|class|struct|interface|trait|enum|type|const|let|var|val|sub|module|object|record)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w{2,})|^\s*(?:(?:public|protected|private|internal|static|export|async|final|override|abstract)\s+)+(?:[\w<>[\],.?]+\s+)?(\w{3,})\s*\(/g;

/** Names the product defined before the change and nowhere after it. */
function goneNames(change: Change): Set<string> {
  const views = textFiles(change, (path) => !isTestFile(path)).filter(({ language }) => language !== undefined);
  const names = (lines: readonly { code: string }[]): string[] =>
    lines.flatMap(({ code }) => [...code.matchAll(definition)].map((match) => match[1] ?? match[2] ?? ''));
  const gone = new Set(views.flatMap((view) => names(removedLines(view))));
  for (const name of views.flatMap((view) => names(view.after))) gone.delete(name);
  return gone;
}

interface Asserted {
  path: string;
  signature: string;
  line: TouchedLine;
}

/** Assertions that a surviving test lost, and ones that became weaker or empty. */
export function lostAssertions(sides: TestSides): Finding[] {
  const added = sides.views.flatMap((view) => asserted(view, addedLines(view)));
  const removed = sides.views.flatMap((view) => asserted(view, removedLines(view)));
  const left = net(
    added.filter(({ line }) => !isTrivial(line)),
    removed,
  );
  const spare = new Set(left.added);
  const helpers = addedHelpers(sides.views);
  const findings = sides.matched
    .filter(({ before }) => !before.isSuite)
    .flatMap((pair) => judgePair(pair, left, spare, { sides, helpers }));
  const trivial = net(
    added.filter(({ line }) => isTrivial(line)),
    removed,
  ).added.map(({ line }) =>
    finding(line, 'trivial-assertion', 'warning', 'the assertion holds whatever the product does'),
  );
  return [...findings, ...trivial];
}

function asserted(view: FileView, lines: readonly TouchedLine[]): Asserted[] {
  return lines
    .filter((line) => isAssertion(line, view.language))
    .map((line) => ({ path: view.path, signature: squeezed(line.text), line }));
}

interface Left {
  added: Asserted[];
  removed: Asserted[];
}

function judgePair(
  { before, after }: MatchedCase,
  left: Left,
  spare: Set<Asserted>,
  { sides, helpers }: { sides: TestSides; helpers: ReadonlySet<string> },
): Finding[] {
  const remaining = new Set(after.body.map(({ text }) => squeezed(text)));
  const lost = left.removed.filter(
    ({ line, signature }) => caseAround(sides.before, line.view, line.number) === before && !remaining.has(signature),
  );
  const won = left.added.filter(({ line }) => caseAround(sides.after, line.view, line.number) === after);
  for (const one of won) spare.delete(one);
  const first = lost[0];
  if (!first) return [];
  if (
    isTabular(after.body) ||
    after.body.some(({ code }) => (code.match(/\w+/g) ?? []).some((word) => helpers.has(word)))
  )
    return [];
  const missing = lost.slice(won.length).filter((one) => !takeAlike(one, spare));
  if (missing.length > 0) {
    const message = `"${before.name}" lost ${count(missing.length, 'assertion')}, and none took ${missing.length === 1 ? 'its' : 'their'} place`;
    const line = (missing[0] ?? first).line;
    return [
      {
        path: after.view.path,
        line: after.view === line.view ? line.line : after.header,
        rule: 'lost-assertion',
        severity: 'error',
        message,
      },
    ];
  }
  return isLoosened(lost, won) && won[0]
    ? [
        finding(
          won[0].line,
          'loosened-assertion',
          'warning',
          `"${before.name}" now asks only that something be there, where it compared with a value`,
        ),
      ]
    : [];
}

/** A similar assertion that no surviving test needed for itself pays for a lost one. */
function takeAlike(one: Asserted, spare: Set<Asserted>): boolean {
  for (const other of spare) if (likeness(one.signature, other.signature) >= alike) return spare.delete(other);
  return false;
}

function isLoosened(lost: readonly Asserted[], won: readonly Asserted[]): boolean {
  const of = (list: readonly Asserted[], strength: string): number =>
    list.filter(({ line }) => strengthOf(line) === strength).length;
  const strictLost = of(lost, 'strict') - of(won, 'strict');
  return strictLost > 0 && of(won, 'loose') - of(lost, 'loose') >= strictLost;
}

/** Functions the change adds to test files: a test that calls one may have moved its assertions there. */
function addedHelpers(views: readonly FileView[]): Set<string> {
  return new Set(
    views.flatMap((view) =>
      addedLines(view).flatMap(({ code }) =>
        [
          ...code.matchAll(
            /\b(?:function|def|func|fn|const|void|private\s+\w+|sub)\s+(\w{3,})|^\s*(\w{3,})\s*\(\)\s*\{/g,
          ),
        ].map((match) => match[1] ?? match[2] ?? ''),
      ),
    ),
  );
}

const finding = (at: TouchedLine, rule: string, severity: Finding['severity'], message: string): Finding => ({
  path: at.view.path,
  line: at.line,
  rule,
  severity,
  message,
});
