import type { Finding } from '../check.js';
import { addedLines, net, removedLines, type TouchedLine } from '../source/introduced.js';
import { type SkipMark, skipMarks } from './skips.js';
import { type PlacedCase, type TestSides } from './test-sides.js';

interface Marked {
  path: string;
  signature: string;
  line: TouchedLine;
  mark: SkipMark;
  of: PlacedCase | undefined;
}

/** Tests that are switched off, alone or by focusing others, and were not before. */
export function skippedTests(sides: TestSides): Finding[] {
  const added = sides.views.flatMap((view) => addedLines(view).flatMap((line) => marksOn(line, sides.after)));
  const removed = sides.views.flatMap((view) => removedLines(view).flatMap((line) => marksOn(line, sides.before)));
  return net(added, removed).added.flatMap((marked) => judge(marked, sides));
}

function marksOn(line: TouchedLine, cases: readonly PlacedCase[]): Marked[] {
  const { view } = line;
  const code = /\(\s*$/.test(line.code) ? `${line.code.trimEnd()}${below(line)?.code.trim() ?? ''}` : line.code;
  return skipMarks
    .filter(({ languages, pattern }) => view.language && languages.includes(view.language) && pattern.test(code))
    .slice(0, 1)
    .map((mark) => {
      const of = caseOf(mark, line, cases);
      return { path: view.path, signature: `${mark.rule} ${of?.name ?? ''}`, line, mark, of };
    });
}

/** The line after it on its own side. */
const below = ({ view, number, text }: TouchedLine): { code: string } | undefined =>
  (view.after[number - 1]?.text === text ? view.after : view.before)[number];

function caseOf(
  { place }: SkipMark,
  { view, number }: TouchedLine,
  cases: readonly PlacedCase[],
): PlacedCase | undefined {
  const mine = cases.filter((one) => one.view === view);
  if (place === 'header') return mine.find(({ header }) => header === number);
  if (place === 'above')
    return (
      mine.find(({ from, header }) => from <= number && number <= header) ??
      mine.find(({ header }) => header > number && header - number < 8)
    );
  return mine.findLast(({ header, last }) => header <= number && number <= last);
}

function judge({ line, mark, of }: Marked, sides: TestSides): Finding[] {
  const tell = (severity: Finding['severity'], message: string): Finding[] => [
    { path: line.view.path, line: line.line, rule: mark.rule, severity, message },
  ];
  const name = of ? `"${of.name}"` : 'the file';
  if (mark.rule === 'focused-test')
    return tell('error', `only ${name} runs: every other test of the file is switched off`);
  if (mark.conditional || isGuarded(line)) return tell('warning', `${name} is skipped under a condition`);
  const existed = of
    ? sides.before.some((one) => one.name === of.name && one.isSuite === of.isSuite)
    : line.view.before.length > 0;
  if (existed) return tell('error', `${name} ran before and is switched off`);
  return /\.todo\b/.test(line.code) ? [] : tell('warning', `${name} is new and does not run`);
}

/** A skip in the body of an `if` tells where the test cannot run, not that it should not. */
function isGuarded({ view, number, code }: TouchedLine): boolean {
  if (/\b(if|unless|when)\b|&&|\?/.test(code)) return true;
  const above = view.after.slice(0, number - 1).findLast((line) => line.code.trim());
  const indent = (text: string): number => /^\s*/.exec(text)?.[0].length ?? 0;
  return (
    above !== undefined &&
    /^\s*(?:\}\s*)?(?:if|unless|when|switch|case|else|elif|try|except|catch)\b/.test(above.code) &&
    indent(above.text) < indent(code)
  );
}
