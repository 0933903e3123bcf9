/**
 * A change as the rows of its diff, with each finding right below the line it is about.
 *
 * A finding about what was deleted points at the nearest line that survives, which a diff without context does not
 * show: it goes below the hunk that ends within {@link NEAR} lines of it. What is about none of the shown lines stands
 * above the file.
 */
import type { Finding, ReplyOf, runtime } from '@conclave/contracts';

export type DiffFile = ReplyOf<typeof runtime.getRunDiff>['files'][number];
type Hunk = DiffFile['hunks'][number];

/** A finding with its number in the review, which is its address on the page. */
export interface NumberedFinding extends Finding {
  readonly number: number;
}

export type Row =
  | { readonly kind: 'hunk'; readonly text: string }
  | {
      readonly kind: 'removed' | 'added' | 'context';
      readonly old?: number;
      readonly new?: number;
      readonly text: string;
    }
  | { readonly kind: 'finding'; readonly finding: NumberedFinding };

/** One file of the page; without `file` it is one the change does not touch, but a finding is about. */
export interface FileView {
  readonly path: string;
  readonly file?: DiffFile;
  readonly rows: readonly Row[];
  /** About the file as a whole, or about lines that are not shown. */
  readonly above: readonly NumberedFinding[];
  readonly findings: number;
}

/** Distance in lines up to which a finding is taken to be about a hunk beside it. */
const NEAR = 3;

export const numbered = (findings: readonly Finding[]): readonly NumberedFinding[] =>
  findings.map((finding, number) => ({ ...finding, number }));

/** The files of a change, those with findings first, then those that only have findings. */
export function viewsOf(files: readonly DiffFile[], findings: readonly NumberedFinding[]): readonly FileView[] {
  const byPath = Map.groupBy(findings, ({ path }) => path);
  const shown = files.map((file) => viewOf(file, byPath.get(file.path) ?? []));
  const touched = new Set(files.map(({ path }) => path));
  const untouched = [...byPath]
    .filter(([path]) => !touched.has(path))
    .map(([path, above]): FileView => ({ path, rows: [], above, findings: above.length }));
  return [...shown.filter((view) => view.findings > 0), ...untouched, ...shown.filter((view) => view.findings === 0)];
}

function viewOf(file: DiffFile, findings: readonly NumberedFinding[]): FileView {
  const hunks = file.hunks.map((hunk) => ({ hunk, rows: rowsOf(hunk), below: [] as NumberedFinding[] }));
  const atLine = new Map<number, NumberedFinding[]>();
  const above: NumberedFinding[] = [];
  const shown = new Set(hunks.flatMap(({ rows }) => rows.flatMap((row) => ('new' in row ? [row.new] : []))));
  for (const finding of findings) {
    if (shown.has(finding.line)) atLine.set(finding.line, [...(atLine.get(finding.line) ?? []), finding]);
    else (nearest(hunks, finding.line)?.below ?? above).push(finding);
  }
  const rows = hunks.flatMap(({ rows: lines, below }): Row[] => [
    ...lines.flatMap((row): Row[] => [row, ...asRows('new' in row ? atLine.get(row.new!) : undefined)]),
    ...asRows(below),
  ]);
  return { path: file.path, file, rows, above, findings: findings.length };
}

const asRows = (findings: readonly NumberedFinding[] = []): Row[] =>
  findings.map((finding) => ({ kind: 'finding', finding }));

function nearest<H extends { readonly hunk: Hunk }>(hunks: readonly H[], line: number): H | undefined {
  const [best] = hunks
    .map((one) => ({ one, distance: distanceTo(one.hunk, line) }))
    .filter(({ distance }) => distance <= NEAR)
    .sort((a, b) => a.distance - b.distance);
  return best?.one;
}

function distanceTo({ newStart, lines }: Hunk, line: number): number {
  const last = newStart + Math.max(0, lines.filter((text) => !text.startsWith('-')).length - 1);
  return line < newStart ? newStart - line : Math.max(0, line - last);
}

function rowsOf({ oldStart, newStart, lines }: Hunk): Row[] {
  let [old, now] = [oldStart, newStart];
  const rows = lines.map((line): Row => {
    const text = line.slice(1);
    if (line.startsWith('-')) return { kind: 'removed', old: old++, text };
    if (line.startsWith('+')) return { kind: 'added', new: now++, text };
    return { kind: 'context', old: old++, new: now++, text };
  });
  return [{ kind: 'hunk', text: `@@ −${oldStart},${old - oldStart} +${newStart},${now - newStart} @@` }, ...rows];
}
