import { dataCommitment, hex, jcs, utf8, type Json, type JsonObject } from '@conclave/audit-core';

/** What an entry is made of. */
export interface EntryParts {
  readonly id: string;
  readonly type: string;
  readonly tenantId: string;
  readonly actor: string;
  readonly at: string;
  readonly data: JsonObject;
  /** Members of `data` that are committed to instead of being in the bytes. */
  readonly personal?: readonly string[] | undefined;
}

/** Personal data with the salt of the commitment to them. */
export interface Disclosed {
  readonly salt: Uint8Array;
  readonly data: JsonObject;
}

/**
 * An entry's bytes, which the leaf hash covers: canonical, so that anyone can rebuild them from the members. Where there
 * are personal data the bytes hold `commitment`, and they come back apart. Without any, they are what they always were.
 */
export function entryBytes(parts: EntryParts, newSalt: () => Uint8Array): { body: Uint8Array; disclosed?: Disclosed } {
  const { id, type, tenantId, actor, at, data, personal = [] } = parts;
  const hidden = personal.filter((name) => data[name] !== undefined);
  const head = { v: 1, event: id, type, tenant: tenantId, actor, at };
  if (hidden.length === 0) return { body: utf8(jcs({ ...head, data })) };
  const [open, secret] = [{ ...data }, {} as JsonObject];
  for (const name of hidden) {
    secret[name] = data[name] as Json;
    delete open[name];
  }
  const salt = newSalt();
  const commitment = hex(dataCommitment(salt, secret));
  return { body: utf8(jcs({ ...head, data: open, commitment })), disclosed: { salt, data: secret } };
}

const ID = /"([a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25})"/g;
const OWN = /"(?:event|tenant)":"([^"]*)"/g;

/** The ids an entry names, its actor first; neither its tenant, which all have, nor its own. */
export function refsOf({ body, actor }: { readonly body: Uint8Array; readonly actor: string }): string[] {
  const text = new TextDecoder().decode(body);
  const own = new Set([...text.matchAll(OWN)].map(([, id]) => id));
  const named = [...text.matchAll(ID)].map(([, id]) => id!).filter((id) => !own.has(id));
  return [...new Set([actor, ...named])];
}
