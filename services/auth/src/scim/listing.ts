/** What a list is asked for, and the list that comes of it (RFC 7644 § 3.4.2). */
import { equalities, fits, readFilter, valuesAt, type Filter } from './filter.js';
import { PAGE_LIMIT, pageOf, refuse, type Json, type Query } from './protocol.js';
import { pathOf, type Path, type Vocabulary } from './vocabulary.js';

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** Where in a list a page begins, from 1 on, and how long it may be. */
export interface PageAsked {
  readonly startIndex: number;
  readonly count: number;
}

/** What a list is asked for. */
export interface ListAsked extends PageAsked {
  readonly filter?: Filter;
  readonly sortBy?: Path;
  readonly descending: boolean;
}

/** Reads the query of a list; `count` below zero means zero, `startIndex` below one means one. */
export function listAsked(
  vocabulary: Vocabulary,
  { filter, sortBy, sortOrder = 'ascending', startIndex = '1', count }: Query,
): ListAsked {
  if (!/^(a|de)scending$/.test(sortOrder)) refuse(400, 'sortOrder is ascending or descending', 'invalidValue');
  const numbers = [startIndex, count ?? String(PAGE_LIMIT)].map((text) =>
    /^-?\d{1,9}$/.test(text) ? Number(text) : refuse(400, 'startIndex and count are integers', 'invalidValue'),
  ) as [number, number];
  return {
    ...(filter === undefined ? {} : { filter: readFilter(vocabulary, filter) }),
    ...(sortBy === undefined ? {} : { sortBy: sortPath(vocabulary, sortBy) }),
    descending: sortOrder === 'descending',
    startIndex: Math.max(1, numbers[0]),
    count: Math.min(PAGE_LIMIT, Math.max(0, numbers[1])),
  };
}

function sortPath(vocabulary: Vocabulary, text: string): Path {
  const path = pathOf(vocabulary, text) ?? refuse(400, 'sortBy names an attribute that is not known', 'invalidValue');
  const value = path.at(-1)!.parts.get('value');
  return value ? [...path, value] : path;
}

/** The query that the body of a `.search` stands for (RFC 7644 § 3.4.3). */
export function searchQuery(body: Json): Query {
  const { schemas } = body;
  if (!Array.isArray(schemas) || schemas[0] !== SEARCH) refuse(400, `expected ${SEARCH}`, 'invalidSyntax');
  const asked = ['filter', 'sortBy', 'sortOrder', 'startIndex', 'count', 'attributes', 'excludedAttributes'].flatMap(
    (name) => {
      const value = body[name];
      if (value === undefined || value === null) return [];
      const texts = [value].flat().filter((one) => typeof one === 'string' || typeof one === 'number');
      return texts.length > 0 ? [[name, texts.join(',')]] : refuse(400, `${name} cannot be read`, 'invalidValue');
    },
  );
  return Object.fromEntries(asked) as Query;
}

/** What the database can answer of a filter, and the filter unless that is all. */
export interface Narrowed {
  readonly where?: readonly [condition: string, value: string];
  readonly rest?: Filter;
}

/** `conditionOf` is the condition by which an attribute of the resource equals a value, if the database can tell. */
export function narrowed(filter: Filter | undefined, conditionOf: (attribute: string) => string | undefined): Narrowed {
  if (!filter) return {};
  for (const [path, value] of equalities(filter)) {
    const condition = path.length === 1 && typeof value === 'string' ? conditionOf(path[0].name) : undefined;
    if (condition === undefined) continue;
    return { where: [condition, value as string], ...(filter.is !== 'compared' && { rest: filter }) };
  }
  return { rest: filter };
}

/** Filters, sorts and cuts what was read whole. */
export function listOf(all: readonly Json[], { sortBy, descending, ...page }: ListAsked, filter?: Filter): Json {
  const matching = filter ? all.filter((one) => fits(filter, one)) : all;
  const sorted = sortBy === undefined ? matching : inOrder(matching, sortBy, descending);
  const { startIndex, count } = page;
  return pageOf(sorted.slice(startIndex - 1, startIndex - 1 + count), matching.length, startIndex);
}

/** By the primary value or the first; those without one are last, and first when the order descends. */
function inOrder(all: readonly Json[], path: Path, descending: boolean): readonly Json[] {
  const { isCaseExact } = path.at(-1)!;
  const keyed = all.map((one) => {
    const values = path[0].isMany ? valuesAt(one, path.slice(0, 1)) : [];
    const primary = values.find((value) => (value as { readonly primary?: boolean } | undefined)?.primary === true);
    const [first] = primary ? valuesAt(primary as Json, path.slice(1)) : valuesAt(one, path);
    const key = typeof first === 'string' || typeof first === 'boolean' ? String(first) : undefined;
    return { one, key: isCaseExact ? key : key?.toLowerCase() };
  });
  const ascending = (a: string | undefined, b: string | undefined): number => {
    if (a === b) return 0;
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
    return a < b ? -1 : 1;
  };
  const sign = descending ? -1 : 1;
  return keyed.toSorted((a, b) => sign * ascending(a.key, b.key)).map(({ one }) => one);
}
