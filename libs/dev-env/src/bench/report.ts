/** What a benchmark says: one JSON line per case for programs, one table for people. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { verdictsOn, type Judged } from './goals.js';
import { rounded } from './statistics.js';

/** One measured case. A figure's name ends with its unit. */
export interface Case extends Judged {
  readonly bench: string;
}

/** A case as one line of JSON. */
export function jsonLine(one: Case): string {
  const { bench, case: name, figures, goals } = one;
  const said = verdictsOn([one]).map(({ goal, hit }) => [goal.figure, hit ? 'hit' : 'miss']);
  return JSON.stringify({
    ...{ bench, case: name, ...roundedAll(figures) },
    ...(goals && { goals: Object.fromEntries(said) as Record<string, string> }),
  });
}

/** Every goal of the cases as a line: whether it was hit, by what, and whether that decides. */
export function goalLines(cases: readonly Case[]): string {
  const lines = verdictsOn(cases).map(({ case: name, goal, value, hit }) => {
    const { figure, atLeast, atMost, decides } = goal;
    const bound = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
    return `${hit ? 'hit ' : 'MISS'}  ${name}: ${figure} ${rounded(value)} ${bound}${decides ? '' : ' (absolute)'}`;
  });
  return lines.join('\n');
}

/** The cases as a table; cases of other figures than those before them start a new one. */
export function table(cases: readonly Case[]): string {
  const groups = new Map<string, Case[]>();
  for (const one of cases) {
    const heads = Object.keys(one.figures).join(' ');
    groups.set(heads, [...(groups.get(heads) ?? []), one]);
  }
  return [...groups.values()].map(oneTable).join('\n\n');
}

function oneTable(cases: readonly Case[]): string {
  const heads = ['case', ...Object.keys(cases[0]?.figures ?? {})];
  const rows = cases.map(({ case: name, figures }) => [name, ...Object.values(roundedAll(figures)).map(String)]);
  const widths = heads.map((head, column) => Math.max(...[heads, ...rows].map((row) => (row[column] ?? head).length)));
  const line = (row: readonly string[]) => row.map((cell, at) => pad(cell, widths[at] ?? 0, at === 0)).join('  ');
  return [heads, ...rows].map((row) => line(row).trimEnd()).join('\n');
}

const pad = (cell: string, width: number, left: boolean) => (left ? cell.padEnd(width) : cell.padStart(width));

const roundedAll = (figures: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));

/** The machine a figure belongs to, and how busy it was with other things. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg().map((value) => value.toFixed(1));
  return `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${memory} GiB, Node ${process.versions.node}, load ${load.join(' ')}`;
}
