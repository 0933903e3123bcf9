import { jcs, MAX_ENTRY_BYTES, utf8, type Json } from '@conclave/audit-core';
import type { ActVerdict } from '@conclave/contracts';

export interface EntryParts {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  /** RFC 3339, in UTC. */
  readonly at: string;
  readonly tenantId: string;
  readonly data: unknown;
  /** To what is personal in it, and not among `data`. */
  readonly commitment?: string | undefined;
  /** What permitted or refused the act. */
  readonly verdict?: ActVerdict | undefined;
}

/** An entry is longer than a bundle of entries can say. */
export class EntryTooLong extends Error {
  override readonly name = 'EntryTooLong';
}

/**
 * An entry's bytes: what the leaf hash covers. Canonical, so that anyone can rebuild them from the members.
 *
 * @throws EntryTooLong | MalformedError when the data have no canonical form
 */
export function entryBytes({ id, type, actor, at, tenantId, data, ...more }: EntryParts): Uint8Array {
  const { commitment, verdict } = more;
  const bytes = utf8(
    jcs({
      ...{ v: 1, event: id, type, tenant: tenantId, actor, at, data: data as Json },
      ...(commitment === undefined ? {} : { commitment }),
      ...(verdict ? { verdict: verdict as object as Json } : {}),
    }),
  );
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new EntryTooLong(`an entry of ${bytes.length} bytes: a log takes ${MAX_ENTRY_BYTES} at most`);
  return bytes;
}
