/** Whether a change makes code harder to follow: functions that grow tangled or long, and blocks that are copied. */
import { canonicalFindings, type Check, type Finding } from '../check.js';
import type { Change } from '../change.js';
import { isFixture } from '../source/file-kind.js';
import { countBy, type FileView, productLines, squeezed, textFiles } from '../source/introduced.js';
import { isCodeFile } from '../source/language.js';
import { duplications } from './duplication.js';
import { functionsOf, type Measured } from './functions.js';

const limits = {
  weight: { tell: 20, grew: 8, extreme: 100 },
  lines: { tell: 80, grew: 30, extreme: 400 },
  depth: { tell: 5, grew: 1 },
} as const;
const maxFindings = 50;

export const complexity: Check = {
  id: 'complexity',
  version: '1.0.0',
  family: 'conclave',
  title: 'Complexity and duplication',
  description:
    'Tells functions that the change makes tangled, deep or long, and blocks of eight or more lines that it copies.',
  limits:
    'Measures by indentation and keywords, so code that is not formatted is measured badly. What was complex before and did not get worse is not told; a function that moves or is renamed with its body is compared with its old self. Tests, generated files and data are not judged. An error only beyond a weight of 100 or 400 lines in one function that the change wrote.',
  reads: ({ path, status }) => status !== 'deleted' && isJudged(path),
  run(change) {
    const views = textFiles(change, isJudged).filter(
      ({ file, language }) =>
        language !== 'sql' && file.hunks.some(({ newLines }) => newLines > 0) && !isMarkedGenerated(file.after ?? ''),
    );
    if (views.length === 0) return { applies: false, reason: 'the change adds no code' };
    const findings = [...grown(change, views), ...moved(views, duplications(views))];
    return { applies: true, findings: canonicalFindings(findings).slice(0, maxFindings) };
  },
};

const isJudged = (path: string): boolean => isCodeFile(path) && !isFixture(path);

const isMarkedGenerated = (text: string): boolean =>
  /@generated|DO NOT EDIT|auto-?generated/i.test(text.slice(0, 1_000));

function grown(change: Change, views: readonly FileView[]): Finding[] {
  const before = textFiles(change, isCodeFile).flatMap((view) =>
    functionsOf(view.before).map((one) => ({ ...one, view })),
  );
  const byName = Map.groupBy(before, ({ name }) => name);
  const byMeasure = Map.groupBy(before, ({ view, weight }) => `${view.path}\0${weight}`);
  return views.flatMap((view) =>
    functionsOf(productLines(view))
      .filter((now) => isTouched(view, now))
      .flatMap((now) => {
        const namesakes = byName.get(now.name) ?? [];
        const peers = byMeasure.get(`${view.path}\0${now.weight}`) ?? [];
        const old = namesakes.find((one) => one.view === view) ?? namesakes[0] ?? renamedFrom(peers, now);
        return judge(view, now, old);
      }),
  );
}

const isTouched = (view: FileView, { first, last }: Measured): boolean =>
  view.file.hunks.some(({ newStart, newLines }) => newLines > 0 && newStart <= last && newStart + newLines > first);

/** A function of the same weight and length that head has under another name. */
const renamedFrom = (peers: readonly Measured[], now: Measured): Measured | undefined =>
  peers.find(({ lines }) => Math.abs(lines - now.lines) <= 2);

function judge(view: FileView, now: Measured, old: Measured | undefined): Finding[] {
  const grew = (measure: 'weight' | 'lines' | 'depth'): number => now[measure] - (old?.[measure] ?? 0);
  const tell = (rule: string, extreme: boolean, message: string): Finding => ({
    path: view.path,
    line: now.first,
    rule,
    severity: extreme ? 'error' : 'warning',
    message,
  });
  const from = (measure: 'weight' | 'lines' | 'depth'): string => (old ? ` (was ${old[measure]})` : '');
  const { weight, lines, depth } = limits;
  const findings: Finding[] = [];
  if (now.weight >= weight.tell && grew('weight') >= weight.grew) {
    const extreme = now.weight >= weight.extreme && grew('weight') >= weight.extreme / 2;
    findings.push(
      tell(
        'tangled-function',
        extreme,
        `${now.name} branches with a weight of ${now.weight}${from('weight')}: split it`,
      ),
    );
  } else if (now.depth >= depth.tell && grew('depth') >= depth.grew) {
    findings.push(tell('deep-nesting', false, `${now.name} nests ${now.depth} branches in each other${from('depth')}`));
  }
  if (now.lines >= lines.tell && grew('lines') >= lines.grew) {
    const extreme = now.lines >= lines.extreme && grew('lines') >= lines.extreme / 2;
    findings.push(tell('long-function', extreme, `${now.name} has ${now.lines} lines${from('lines')}`));
  }
  return findings;
}

/** A block that the same change takes away elsewhere is moved, not copied. */
function moved(views: readonly FileView[], copies: readonly Finding[]): Finding[] {
  const removed = countBy(
    views.flatMap((view) => view.file.hunks.flatMap((hunk) => hunk.removed.map(squeezed))),
    (text) => text,
  );
  const byPath = new Map(views.map((view) => [view.path, view]));
  return copies.filter(({ path, line }) => {
    const block = (byPath.get(path)?.after ?? []).slice(line - 1, line + 7).map(({ text }) => squeezed(text));
    const copied = [...countBy(block, (text) => text)].map(([text, n]) => Math.max(0, n - (removed.get(text) ?? 0)));
    return copied.reduce((sum, n) => sum + n, 0) > block.length / 2;
  });
}
