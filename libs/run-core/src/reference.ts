/**
 * References between tasks: `{"$from": "task", "path": "/a/0"}` anywhere in an input stands for that part of the task's
 * result. `path` is a JSON pointer (RFC 6901) and may be left out for the whole of it. A graph inside an input has tasks
 * of its own: what refers to one of those is left to it.
 */

export interface Reference {
  readonly from: string;
  readonly path: string;
}

/** A reference that leads nowhere, or to more than may be taken in. */
export class UnresolvedReference extends Error {
  override readonly name = 'UnresolvedReference';
}

const NONE: ReadonlySet<string> = new Set();

/** Every reference in a value, but for those to `inner` tasks. */
export function referencesIn(value: unknown, inner = NONE): Reference[] {
  const reference = referenceOf(value);
  if (reference) return inner.has(reference.from) ? [] : [reference];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part) => referencesIn(part, inner));
}

/** The tasks of a graph that is an input, and of the graphs within it. */
export function tasksIn(input: unknown): ReadonlySet<string> {
  const tasks = (input as { readonly tasks?: unknown } | null)?.tasks;
  if (!Array.isArray(tasks)) return NONE;
  return new Set(
    (tasks as ({ readonly id?: unknown; readonly input?: unknown } | null)[]).flatMap((task) => [
      ...(typeof task?.id === 'string' ? [task.id] : []),
      ...tasksIn(task?.input),
    ]),
  );
}

/**
 * The value with what its references stand for. Results are measured before any is put in: a chain of tasks that each
 * take in the last one twice would double at every link.
 *
 * @throws UnresolvedReference
 */
export function resolved(
  value: unknown,
  results: Readonly<Record<string, unknown>>,
  limitChars: number,
  inner = NONE,
): unknown {
  let left = limitChars;
  const put = ({ from, path }: Reference): unknown => {
    if (!Object.hasOwn(results, from)) throw new UnresolvedReference(`${from} has no result`);
    const part = pointed(results[from], path);
    if (part === undefined) throw new UnresolvedReference(`the result of ${from} has nothing at ${path}`);
    left -= JSON.stringify(part).length;
    if (left < 0) throw new UnresolvedReference(`what is taken in is larger than ${limitChars} characters`);
    return part;
  };
  const walk = (part: unknown): unknown => {
    const reference = referenceOf(part);
    if (reference) return inner.has(reference.from) ? part : put(reference);
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, walk(member)]));
  };
  return walk(value);
}

function referenceOf(value: unknown): Reference | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$from')) return undefined;
  const { $from: from, path = '', ...others } = value as Record<string, unknown>;
  if (typeof from !== 'string' || typeof path !== 'string' || Object.keys(others).length > 0) return undefined;
  return { from, path };
}

/** The part of a value that a JSON pointer names; undefined when there is none. */
export function pointed(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  if (!pointer.startsWith('/')) return undefined;
  let at = value;
  for (const token of pointer.slice(1).split('/')) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    if (Array.isArray(at) && !/^\d+$/.test(name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
