/**
 * Task graphs as data: what a plan may look like before any of it is spawned. A task starts when all it depends on are
 * done.
 */

export interface GraphTask {
  readonly id: string;
  readonly dependsOn?: readonly string[];
}

export interface GraphLimits {
  readonly tasks: number;
  /** Tasks on the longest way through the graph. */
  readonly depth: number;
  /** Tasks that depend on one and the same. */
  readonly fanOut: number;
}

/** What is wrong with a graph; the first fault found, in a form a caller can act on. */
export type GraphFault =
  | { readonly fault: 'too-many' | 'too-deep'; readonly limit: number; readonly found: number }
  | { readonly fault: 'fan-out'; readonly task: string; readonly limit: number; readonly found: number }
  | { readonly fault: 'duplicate'; readonly task: string }
  | { readonly fault: 'unknown'; readonly task: string; readonly dependsOn: string }
  /** Each depends on the next, and the last on the first. */
  | { readonly fault: 'cycle'; readonly tasks: readonly string[] };

/** @returns the first fault, or undefined when the graph may run */
export function graphFault(tasks: readonly GraphTask[], limits: GraphLimits): GraphFault | undefined {
  if (tasks.length > limits.tasks) return { fault: 'too-many', limit: limits.tasks, found: tasks.length };
  const byId = new Map<string, GraphTask>();
  for (const task of tasks) {
    if (byId.has(task.id)) return { fault: 'duplicate', task: task.id };
    byId.set(task.id, task);
  }
  const dependants = new Map<string, number>();
  for (const { id, dependsOn } of tasks)
    for (const wanted of new Set(dependsOn)) {
      if (!byId.has(wanted)) return { fault: 'unknown', task: id, dependsOn: wanted };
      const found = (dependants.get(wanted) ?? 0) + 1;
      if (found > limits.fanOut) return { fault: 'fan-out', task: wanted, limit: limits.fanOut, found };
      dependants.set(wanted, found);
    }
  return depthFault(tasks, byId, limits.depth);
}

/** Walks depth first without recursion: a chain of a thousand tasks is no stack of a thousand frames. */
function depthFault(
  tasks: readonly GraphTask[],
  byId: ReadonlyMap<string, GraphTask>,
  limit: number,
): GraphFault | undefined {
  const depths = new Map<string, number>();
  for (const { id: start } of tasks) {
    const path: string[] = [];
    const open: { id: string; left: string[] }[] = [];
    const enter = (id: string): void => {
      path.push(id);
      open.push({ id, left: [...(byId.get(id)?.dependsOn ?? [])] });
    };
    if (!depths.has(start)) enter(start);
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const next = top.left.pop();
      if (next === undefined) {
        const below = (byId.get(top.id)?.dependsOn ?? []).map((id) => depths.get(id) ?? 0);
        const depth = 1 + Math.max(0, ...below);
        if (depth > limit) return { fault: 'too-deep', limit, found: depth };
        depths.set(top.id, depth);
        open.pop();
        path.pop();
      } else if (path.includes(next)) {
        return { fault: 'cycle', tasks: path.slice(path.indexOf(next)) };
      } else if (!depths.has(next)) enter(next);
    }
  }
  return undefined;
}
