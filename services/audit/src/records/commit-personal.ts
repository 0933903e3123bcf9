import { dataCommitment, hex, type Json, type JsonObject } from '@conclave/audit-core';

/** Personal data with the salt of the commitment to them. */
export interface Disclosed {
  readonly salt: Uint8Array;
  readonly data: JsonObject;
}

/** Splits what is personal from the data of an entry, which keeps a commitment to it. Without any, the data stay whole. */
export function commitPersonal(
  data: JsonObject,
  personal: readonly string[],
  newSalt: () => Uint8Array,
): { data: JsonObject; commitment?: string; disclosed?: Disclosed } {
  const hidden = personal.filter((name) => data[name] !== undefined);
  if (hidden.length === 0) return { data };
  const [open, secret] = [{ ...data }, {} as JsonObject];
  for (const name of hidden) {
    secret[name] = data[name] as Json;
    delete open[name];
  }
  const salt = newSalt();
  return { data: open, commitment: hex(dataCommitment(salt, secret)), disclosed: { salt, data: secret } };
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
