/** By what lines and rows of a history belong together, and how a broken rule is said. */
import type { Line } from './history.js';

export type Say = (rule: string, detail: string) => void;

export const turnKey = ({ run, task, no }: Pick<Line, 'run' | 'task' | 'no'>): string => `${run}/${task}/${no}`;
export const claimKey = (line: Line): string => `${line.process} ${turnKey(line)} ${line.epoch}`;
export const stepKey = ({ run, task, step = '' }: Line): string => `${run}/${task} ${step}`;

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
