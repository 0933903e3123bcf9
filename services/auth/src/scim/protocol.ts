/**
 * The messages of SCIM 2.0: how lists and refusals look.
 *
 * Source: RFC 7644 (protocol), RFC 7643 (schema); the schemas are scimmy's.
 */
import SCIMMY from 'scimmy';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
/** Resources of one page, at most; a page holds fewer when they are large. */
export const PAGE_LIMIT = 100;
/** All resources of a page, in bytes: they have to fit a message. */
const PAGE_BYTES = 800_000;

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
    if (!(error instanceof TypeError)) throw error;
    // Only what the library itself says of an attribute is an answer.
    const isSaid = /^(?:Required a|Complex a|A)ttribute '/.test(error.message);
    return refuse(400, isSaid ? error.message : 'what was sent cannot be understood', scimType);
  }
}

export const notFound = (id: string): never => refuse(404, `there is no ${id}`);

/** What the directory itself calls a resource. */
export function externalIdIn(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return value.length <= 320 ? value : refuse(400, 'externalId is at most 320 characters', 'invalidValue');
}

export type Query = Readonly<Record<string, string>>;

/** One page of a list; it may be shorter than was asked. */
export function pageOf(resources: readonly Json[], totalResults: number, startIndex: number): Json {
  let bytes = 0;
  const fitting = resources.filter((one) => (bytes += Buffer.byteLength(JSON.stringify(one))) <= PAGE_BYTES);
  return { schemas: [LIST], totalResults, startIndex, itemsPerPage: fitting.length, Resources: fitting };
}
