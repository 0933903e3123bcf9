/** What of a resource is told: the attributes that are asked for alone, or all but some (RFC 7644 § 3.9). */
import type { Json, Query } from './protocol.js';
import { pathOf, type Path, type Vocabulary } from './vocabulary.js';

/** Told in every answer. */
const ALWAYS = ['schemas', 'id'];

/** Which attributes are meant; what names none is passed over. `part` undefined means all of the attribute. */
type Selection = ReadonlyMap<string, Selection | undefined>;

/** The view of a resource that the query asks for. */
export function selecting(vocabulary: Vocabulary, { attributes, excludedAttributes }: Query): (resource: Json) => Json {
  const [only, without] = [attributes, excludedAttributes].map((list) => list?.trim() && selectionIn(vocabulary, list));
  return (resource) => {
    const told = only ? (kept(resource, only) ?? {}) : resource;
    const rest = without ? left(told, without) : told;
    const always = ALWAYS.flatMap((name) => (name in resource ? [[name, resource[name]]] : []));
    return { ...(Object.fromEntries(always) as Json), ...(rest as Json) };
  };
}

function selectionIn(vocabulary: Vocabulary, list: string): Selection {
  const selection = new Map<string, Selection | undefined>();
  for (const name of list.split(',')) {
    const path = pathOf(vocabulary, name.trim());
    if (path) add(selection, path);
  }
  return selection;
}

function add(selection: Map<string, Selection | undefined>, [first, ...more]: Path): void {
  const isWhole = selection.has(first.name) && selection.get(first.name) === undefined;
  if (isWhole) return;
  if (more.length === 0) return void selection.set(first.name, undefined);
  const parts = new Map(selection.get(first.name));
  add(parts, more as unknown as Path);
  selection.set(first.name, parts);
}

/** @returns undefined for what has nothing that was asked for */
function kept(value: unknown, selection: Selection | undefined): unknown {
  if (selection === undefined) return value;
  if (Array.isArray(value)) {
    const some = value.map((one) => kept(one, selection)).filter((one) => one !== undefined);
    return some.length > 0 ? some : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const told: unknown = selection.has(name) ? kept(member, selection.get(name)) : undefined;
    return told === undefined ? [] : [[name, told]];
  });
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

function left(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((one) => left(one, selection));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const parts = selection.get(name);
    if (!parts) return selection.has(name) ? [] : [[name, member]];
    return [[name, left(member, parts)]];
  });
  return Object.fromEntries(members);
}
