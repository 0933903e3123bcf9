/**
 * Proves in the reader's browser that an entry is in the log: hashes the entry's own bytes, climbs the audit path, and
 * checks who signed the root it ends at. RFC 6962 §2.1; C2SP tlog-checkpoint. The server's word counts for nothing.
 */
import {
  equalBytes,
  fromBase64,
  fromHex,
  leafHash,
  parseCheckpoint,
  parseNote,
  verifyInclusion,
  verifyNote,
  type NoteKey,
} from '@conclave/audit-core';
import type { audit, ReplyOf } from '@conclave/contracts';

export type Entry = ReplyOf<typeof audit.listAuditEntries>['items'][number];
export type InclusionProof = ReplyOf<typeof audit.getInclusionProof>;

/** What was checked and whether it holds; the last one is the one that failed, if any did. */
export interface Proven {
  readonly what: string;
  readonly holds: boolean;
}

/** Checks an entry against a proof and the keys that may sign the log's checkpoints. */
export async function proveEntry(
  entry: Entry,
  proof: InclusionProof,
  keys: readonly NoteKey[],
): Promise<readonly Proven[]> {
  try {
    const leaf = leafHash(fromBase64(entry.body));
    const note = parseNote(proof.checkpoint);
    const { origin, size, root } = parseCheckpoint(note.text);
    const hashes = proof.hashes.map(fromBase64);
    const { signers, failed } = await verifyNote(note, keys);
    const signed = failed.length === 0 && signers.some(({ name }) => name === origin);
    return upToTheFirstFault([
      { what: 'The entry’s bytes have the hash it is listed with', holds: equalBytes(leaf, fromHex(entry.leafHash)) },
      { what: `The log ${origin} signed its checkpoint of ${size} entries`, holds: signed },
      {
        what: `${hashes.length} hashes lead from entry ${entry.index} to the signed root`,
        holds: verifyInclusion({ leafHash: leaf, index: entry.index, size, root }, hashes),
      },
    ]);
  } catch (error) {
    return [{ what: error instanceof Error ? error.message : String(error), holds: false }];
  }
}

function upToTheFirstFault(steps: readonly Proven[]): readonly Proven[] {
  const fault = steps.findIndex(({ holds }) => !holds);
  return fault < 0 ? steps : steps.slice(0, fault + 1);
}

/** An entry's bytes as indented JSON; as they are when they are none. */
export function readable(body: string): string {
  const text = new TextDecoder().decode(fromBase64(body));
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
