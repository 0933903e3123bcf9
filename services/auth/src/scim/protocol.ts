/**
 * The messages of SCIM 2.0: what a request is about, what quirks of directories mean, how lists and refusals look.
 *
 * Source: RFC 7644 (protocol), RFC 7643 (schema); schemas, filters and patches are scimmy's.
 */
import SCIMMY from 'scimmy';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
/** Resources of one page, at most; a page holds fewer when they are large. */
export const PAGE_LIMIT = 100;
/** All resources of a page, in bytes: they have to fit a message. */
const PAGE_BYTES = 800_000;
const FILTER_LIMIT = 1_000;

export type Json = Readonly<Record<string, unknown>>;

/** A refusal as SCIM spells it (RFC 7644 § 3.12). */
export const scimError = (status: number, detail: string, scimType?: string): Json => ({
  schemas: [ERROR],
  status: String(status),
  ...(scimType && { scimType }),
  detail,
});

/** Refuses the request. `scimType` is of RFC 7644, table 9. */
export function refuse(status: number, detail: string, scimType: string | null = null): never {
  throw new SCIMMY.Types.Error(status, scimType!, detail);
}

/** What the library says to what was sent, as a refusal: it throws a TypeError for some of it. */
export function understood<T>(scimType: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) refuse(400, error.message, scimType);
    throw error;
  }
}

export const notFound = (id: string): never => refuse(404, `there is no ${id}`);

/** What the directory itself calls a resource. */
export function externalIdIn(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length <= 320 ? value : refuse(400, 'externalId is at most 320 characters', 'invalidValue');
}

/** Where in a list a page begins, from 1 on, and how long it may be. */
export interface PageAsked {
  readonly startIndex: number;
  readonly count: number;
}

/** What a list is asked for. */
export interface ListAsked extends PageAsked {
  readonly filter?: InstanceType<typeof SCIMMY.Types.Filter>;
  readonly sortBy?: string;
  readonly descending: boolean;
}

export type Query = Readonly<Record<string, string>>;

/** Reads the query of a list (RFC 7644 § 3.4.2); `count` below zero means zero, `startIndex` below one means one. */
export function listAsked({ filter, sortBy, sortOrder = 'ascending', startIndex = '1', count }: Query): ListAsked {
  if (filter !== undefined && filter.length > FILTER_LIMIT) refuse(400, 'the filter is too long', 'invalidFilter');
  if (!/^(a|de)scending$/.test(sortOrder)) refuse(400, 'sortOrder is ascending or descending', 'invalidValue');
  const numbers = [startIndex, count ?? String(PAGE_LIMIT)].map((text) =>
    /^-?\d{1,9}$/.test(text) ? Number(text) : refuse(400, 'startIndex and count are integers', 'invalidValue'),
  ) as [number, number];
  return {
    ...(filter === undefined ? {} : { filter: filterIn(filter) }),
    ...(sortBy === undefined ? {} : { sortBy }),
    descending: sortOrder === 'descending',
    startIndex: Math.max(1, numbers[0]),
    count: Math.min(PAGE_LIMIT, Math.max(0, numbers[1])),
  };
}

/** The query that the body of a `.search` stands for (RFC 7644 § 3.4.3). */
export function searchQuery(body: Json): Query {
  if ((body['schemas'] as unknown[] | undefined)?.[0] !== SEARCH) refuse(400, `expected ${SEARCH}`, 'invalidSyntax');
  const asked = ['filter', 'sortBy', 'sortOrder', 'startIndex', 'count', 'attributes', 'excludedAttributes'].flatMap(
    (name) => {
      const value = body[name];
      if (value === undefined) return [];
      const texts = [value].flat().filter((one) => typeof one === 'string' || typeof one === 'number');
      return texts.length > 0 ? [[name, texts.join(',')]] : refuse(400, `${name} cannot be read`, 'invalidValue');
    },
  );
  return Object.fromEntries(asked) as Query;
}

function filterIn(text: string): InstanceType<typeof SCIMMY.Types.Filter> {
  const parsed = understood('invalidFilter', () => new SCIMMY.Types.Filter(text));
  // An attribute without an operator and an operator without its operand parse, and match nothing.
  if (/\[(?:"not",?)?(?:"(?:eq|ne|co|sw|ew|gt|ge|lt|le)")?\]/.test(JSON.stringify(parsed)))
    refuse(400, 'the filter compares with nothing', 'invalidFilter');
  return parsed;
}

/** The value that one attribute is compared with by the whole filter, if that is all it says. */
export function soleEquality(filter: ListAsked['filter']): readonly [attribute: string, value: string] | undefined {
  const [only, ...more] = (filter ?? []) as unknown as readonly Json[];
  const entries = Object.entries(only ?? {});
  const [attribute, comparison] = entries[0] ?? [];
  if (more.length > 0 || entries.length !== 1 || attribute === undefined || !Array.isArray(comparison))
    return undefined;
  const [operator, value] = comparison as readonly unknown[];
  return comparison.length === 2 && operator === 'eq' && typeof value === 'string' ? [attribute, value] : undefined;
}

/** Filters, sorts and cuts what was read whole. */
export function listOf(all: readonly Json[], { filter, sortBy, descending, ...page }: ListAsked): Json {
  const matching = filter ? all.filter((one) => isMatch(filter, one)) : all;
  const order = descending ? 'descending' : 'ascending';
  const sorted =
    sortBy === undefined
      ? matching
      : (new SCIMMY.Messages.ListResponse([...matching] as never[], {
          ...{ sortBy, sortOrder: order, itemsPerPage: matching.length },
        }).Resources as unknown as readonly Json[]);
  const { startIndex, count } = page;
  return pageOf(sorted.slice(startIndex - 1, startIndex - 1 + count), matching.length, startIndex);
}

/** The library fails on what lacks the complex attribute that a filter looks into. */
function isMatch(filter: NonNullable<ListAsked['filter']>, one: Json): boolean {
  try {
    return filter.match([one]).length > 0;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** One page of a list; it may be shorter than was asked. */
export function pageOf(resources: readonly Json[], totalResults: number, startIndex: number): Json {
  let bytes = 0;
  const fitting = resources.filter((one) => (bytes += Buffer.byteLength(JSON.stringify(one))) <= PAGE_BYTES);
  return { schemas: [LIST], totalResults, startIndex, itemsPerPage: fitting.length, Resources: fitting };
}

/**
 * What is sent, without dialect: Entra sends booleans as the words `True` and `False`, in resources as well as in patches,
 * and nothing (RFC 7643 § 2.5) is no member of a list.
 */
export function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== null).map(normalised);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const flag = /^(active|primary)$/i.test(name) || (name === 'value' && isFlagPath(value));
      const word = flag && typeof member === 'string' ? /^(true|false)$/i.exec(member)?.[0] : undefined;
      return [name, word === undefined ? normalised(member) : word.toLowerCase() === 'true'];
    }),
  );
}

const isFlagPath = (operation: object): boolean =>
  'path' in operation && typeof operation.path === 'string' && /(^|[.:])(active|primary)$/i.test(operation.path);
