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
import { indentOf } from '../source/blocks.js';
import { comparedWhole, comparesWhole, isAssertion, isPartOf, isTabular, isTrivial, strengthOf } from './assertions.js';
import {
  casesByLine,
  headLineOf,
  likeness,
  type MatchedCase,
  type PlacedCase,
  sharedLines,
  tellingLines,
  type TestSides,
  wordsIn,
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
  const standing = Map.groupBy(after, ({ view }) => view);
  const doubled = (one: PlacedCase): boolean => {
    const others = standing.get(one.view) ?? [];
    return (
      others.length * lost.length <= maxPairs && others.some((other) => sharedLines(telling(one), telling(other)) === 1)
    );
  };
  const spare = new Map([...Map.groupBy(free, ({ view }) => view)].map(([view, cases]) => [view, cases.length]));
  return left
    .filter((one) => !tables.has(one.view) && !doubled(one))
    .filter(({ view }) => {
      const successors = spare.get(view) ?? 0;
      spare.set(view, successors - 1);
      return successors <= 0;
    })
    .filter(({ body }) => !body.some((line) => speaksOf(line, gone)));
}

const speaksOf = ({ code }: { code: string }, names: ReadonlySet<string>): boolean =>
  names.size > 0 && (code.match(/\w{3,}/g) ?? []).some((word) => names.has(word));

/** Beyond this many comparisons only what is equal by name or text is the same. */
const maxPairs = 250_000;

const bodies = new WeakMap<PlacedCase, ReturnType<typeof tellingLines>>();

function telling(one: PlacedCase): ReturnType<typeof tellingLines> {
  const known = bodies.get(one) ?? tellingLines(one.body);
  bodies.set(one, known);
  return known;
}

/** Takes pairs of a lost and a gained case that are alike in name or body, the most alike first. */
function withoutSuccessors(
  lost: readonly PlacedCase[],
  gained: readonly PlacedCase[],
): { left: PlacedCase[]; free: Set<PlacedCase> } {
  const left = new Set(lost);
  const free = new Set(gained);
  const named = gained.map((other) => ({ other, words: wordsIn(other.name) }));
  const pairs =
    lost.length * gained.length > maxPairs
      ? []
      : lost.flatMap((one) => {
          const words = wordsIn(one.name);
          return named.flatMap((candidate) => {
            const { other } = candidate;
            const share = Math.max(likeness(words, candidate.words), sharedLines(telling(one), telling(other)));
            return share >= alike ? [{ one, other, share }] : [];
          });
        });
  for (const { one, other } of pairs.sort((a, b) => b.share - a.share)) {
    if (!left.has(one) || !free.has(other)) continue;
    left.delete(one);
    free.delete(other);
  }
  return { left: [...left], free };
}

const definition =
  /\b(?:function\*?|def|func|fn|class|struct|interface|trait|enum|type|const|let|var|val|sub|module|object|record)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w{2,})|^\s*(?:(?:public|protected|private|internal|static|export|async|final|override|abstract)\s+)+(?:[\w<>[\],.?]+\s+)?(\w{3,})\s*\(/g;

/** A method of a class body, which no keyword announces. */
const method =
  /^\s+(?:async\s+)?\*?#?(?!(?:if|for|while|switch|catch|with|return|function)\b)(\w{3,})\s*(?:<[^>]*>)?\([^;]*\)\s*(?::[^={]+)?\{\s*$/;
/** A field of an interface, class, struct or object. */
const field =
  /^\s*(?:(?:pub|public|private|protected|readonly|static)\s+)*(?:this\.|self\.)?(\w{3,})\??\s*(?:[:=](?!=)|\s\w[\w.*[\]]*\s*(?:`|$))/;

/** Names the product defined before the change and nowhere after it; of a field no word may be left. */
function goneNames(change: Change): Set<string> {
  const views = textFiles(change, (path) => !isTestFile(path)).filter(({ language }) => language !== undefined);
  const named = ({ code }: { code: string }): string[] => [
    ...[...code.matchAll(definition)].map((match) => match[1] ?? match[2] ?? ''),
    ...(method.exec(code)?.slice(1) ?? []),
  ];
  const removed = views.flatMap(removedLines);
  const gone = new Set(removed.flatMap(named));
  for (const { after } of views) for (const line of after) for (const name of named(line)) gone.delete(name);
  const fields = new Set(removed.flatMap(({ code }) => field.exec(code)?.slice(1) ?? []));
  for (const { after } of views) {
    for (const { code } of after) for (const word of code.match(/\w{3,}/g) ?? []) fields.delete(word);
  }
  return new Set([...gone, ...fields]);
}

interface Asserted {
  path: string;
  signature: string;
  words: ReadonlySet<string>;
  /** Of a literal it compares with; 1 otherwise. */
  members: number;
  line: TouchedLine;
}

/** Assertions that a surviving test lost, and ones that became weaker or empty. */
export function lostAssertions(change: Change, sides: TestSides): Finding[] {
  const added = sides.views.flatMap((view) => asserted(view, addedLines(view), view.after));
  const removed = sides.views.flatMap((view) => asserted(view, removedLines(view), view.before));
  const telling = added.filter(({ line }) => !isTrivial(line));
  const [before, after] = [casesByLine(sides.before), casesByLine(sides.after)];
  const [removedBy, addedBy] = [
    Map.groupBy(removed, ({ line }) => before(line.view, line.number)),
    Map.groupBy(telling, ({ line }) => after(line.view, line.number)),
  ];
  const spare = new Set(telling);
  const gone = goneNames(change);
  const pairs = sides.matched
    .filter((pair) => !pair.before.isSuite)
    .map((pair) => kept(pair, removedBy.get(pair.before) ?? [], addedBy.get(pair.after) ?? [], gone));
  for (const { kept: own, won } of pairs) for (const one of [...own, ...won]) spare.delete(one);
  const tally: Tally = {
    spare,
    comparable: spare.size * removed.length <= maxPairs,
    equal: Map.groupBy(spare, ({ signature }) => signature),
    helpers: addedHelpers(sides.views),
  };
  const findings = pairs.flatMap((pair) => judgePair(pair, tally));
  const trivial = net(
    added.filter(({ line }) => isTrivial(line)),
    removed,
  ).added.map(({ line }) =>
    finding(line, 'trivial-assertion', 'warning', 'the assertion holds whatever the product does'),
  );
  return [...findings, ...trivial];
}

/** An assertion that goes on below is told from others by what it says there. */
function asserted(view: FileView, lines: readonly TouchedLine[], side: FileView['after']): Asserted[] {
  return lines
    .filter((line) => isAssertion(line, view.language))
    .map((line) => {
      const goesOn = /[([{]\s*$/.test(line.code);
      const text = [line, ...(goesOn ? side.slice(line.number, line.number + 2) : [])].map((one) => one.text).join(' ');
      const members = goesOn && comparesWhole(line) ? membersBelow(side, line.number) : 1;
      return { path: view.path, signature: squeezed(text), words: wordsIn(text), members, line };
    });
}

/** What the literal that a line opens says: a member on each line below, and that there are no more. */
function membersBelow(side: FileView['after'], number: number): number {
  const indent = indentOf(side[number - 1]?.text ?? '');
  const below = side.slice(number, number + maxMembers);
  const end = below.findIndex(({ text }) => text.trim() && indentOf(text) <= indent);
  return Math.max(0, end) + 1;
}

const maxMembers = 50;

/** A matched test with what it lost and won, once its equal lines are taken off both. */
interface JudgedPair extends MatchedCase {
  kept: Asserted[];
  lost: Asserted[];
  won: Asserted[];
}

function kept(
  pair: MatchedCase,
  removed: readonly Asserted[],
  added: readonly Asserted[],
  gone: ReadonlySet<string>,
): JudgedPair {
  const left = net(added, removed);
  const won = new Set(left.added);
  const remaining = new Set(removed.length > 0 ? pair.after.body.map(({ text }) => squeezed(text)) : []);
  const wholes = left.added.flatMap(({ line }) => comparedWhole(line));
  const lost = left.removed.filter(
    ({ line, signature }) =>
      !remaining.has(signature) && !speaksOf(line, gone) && !wholes.some((subject) => isPartOf(line, subject)),
  );
  return {
    ...pair,
    kept: added.filter((one) => !won.has(one)),
    lost: [...new Map(lost.map((one) => [one.signature, one])).values()],
    won: left.added,
  };
}

/** What all tests of a change have in common. */
interface Tally {
  /** Added assertions that no surviving test needed for itself. */
  spare: Set<Asserted>;
  /** The same by their text. */
  equal: ReadonlyMap<string, Asserted[]>;
  /** Few enough to be compared with each other. */
  comparable: boolean;
  helpers: ReadonlySet<string>;
}

function judgePair({ before, after, lost, won }: JudgedPair, { spare, equal, comparable, helpers }: Tally): Finding[] {
  const first = lost[0];
  if (!first || isTabular(after.body) || after.body.some((line) => speaksOf(line, helpers))) return [];
  const moved = (one: Asserted): boolean => {
    const other = equal.get(one.signature)?.pop();
    return other !== undefined && spare.delete(other);
  };
  const members = won.reduce((sum, one) => sum + one.members, 0);
  const missing = lost
    .filter((one) => !moved(one))
    .slice(members)
    .filter((one) => !(comparable && takeAlike(one, spare)));
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
  for (const other of spare) if (likeness(one.words, other.words) >= alike) return spare.delete(other);
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
