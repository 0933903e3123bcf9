/**
 * Whether the log proves the receipt: checkpoint, witnesses, inclusion, and the bond between entry and payload.
 *
 * Sources: C2SP tlog-checkpoint, tlog-cosignature, tlog-proof; RFC 9162 §2.1.3.2. The checkpoint must be of the log the
 * decision was opened under, or of one that followed it where that was given up meanwhile; and a key speaks only for the
 * origin it is named after: a proof from another tenant's log is none.
 */
import {
  cosignedAt,
  equalBytes,
  jcs,
  leafHash,
  noteKeyId,
  verifyInclusion,
  verifyNote,
  type Checkpoint,
  type Note,
  type NoteKey,
} from '@conclave/audit-core';
import { sealedEntryOf } from '@conclave/consensus-core';
import type { OpenReceipt } from './open-receipt.js';
import type { TrustPolicy } from './trust-policy.js';
import { failed, held, unchecked, type Finding } from './verdict.js';

/** The end of the year 9999. */
const LAST_SECOND = 253_402_300_800;

/** A checkpoint and the note it is the text of. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Note;
}

/** The checkpoint is of the right log and signed by a key trusted for it. */
export async function checkCheckpoint(receipt: OpenReceipt, trust: TrustPolicy | undefined): Promise<Finding> {
  const { checkpoint, predicate } = receipt;
  if (checkpoint.origin === predicate.origin) return checkLogSignature(receipt, trust?.logs);
  if (follows(checkpoint.origin, predicate.origin)) {
    const finding = await checkLogSignature(receipt, trust?.logs);
    return { ...finding, detail: `${finding.detail}; it is the log which followed ${predicate.origin}` };
  }
  return failed('bad-log-proof', `checkpoint of ${checkpoint.origin}, but the decision belongs to ${predicate.origin}`);
}

/** A tenant's first log is `host/log/<tenant>`; those that follow when one is given up have their number behind it. */
const ORIGIN = /^(?<tenant>.+\/log\/[^/]+?)(?:\/(?<number>[2-9]|[1-9][0-9]{1,8}))?$/s;

function follows(origin: string, earlier: string): boolean {
  const [later, first] = [origin, earlier].map((name) => ORIGIN.exec(name)?.groups);
  return (
    later !== undefined &&
    first !== undefined &&
    later['tenant'] === first['tenant'] &&
    Number(later['number'] ?? 1) > Number(first['number'] ?? 1)
  );
}

/** The checkpoint is signed by a key trusted for its origin. */
export async function checkLogSignature(
  { checkpoint: { origin, size }, note }: SignedCheckpoint,
  logs: readonly NoteKey[] | undefined,
): Promise<Finding> {
  const head = `${origin} at size ${size}`;
  if (logs === undefined) return unchecked(`${head}; no key to check its signature with`);
  const { signers, failed: broken } = await verifyNote(
    note,
    logs.filter(({ name }) => name === origin),
  );
  if (broken.length > 0) return failed('bad-log-proof', `the signature of ${origin} on its checkpoint does not hold`);
  if (signers.length === 0) return failed('untrusted', `no trusted key signed the checkpoint of ${origin}`);
  return held(`${head}, signed by its log`);
}

/** Enough trusted witnesses cosigned the checkpoint. */
export async function checkWitnesses({ note }: OpenReceipt, trust: TrustPolicy | undefined): Promise<Finding> {
  if (trust === undefined) return unchecked('no trust policy names witnesses');
  const { keys, threshold } = trust.witnesses;
  const { signers, failed: broken } = await verifyNote(note, keys);
  if (broken.length > 0) return failed('bad-log-proof', `the cosignature of ${broken[0]!.name} does not hold`);
  const names = signers.map((key) => `${key.name} at ${timeOf(note, key)}`).join(', ');
  const count = `${signers.length} of ${keys.length} witnesses, ${threshold} needed${names && `: ${names}`}`;
  return signers.length < threshold ? failed('untrusted', count) : held(count);
}

/** When the witness says it cosigned. A time beyond what a date can hold is shown as it is. */
function timeOf(note: Note, key: NoteKey): string {
  const line = note.signatures.find(({ name, keyId }) => name === key.name && equalBytes(keyId, noteKeyId(key)))!;
  const seconds = cosignedAt(line);
  return seconds < LAST_SECOND ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : `second ${seconds}`;
}

/** The entry is in the tree the checkpoint signs. */
export function checkInclusion({ entryBytes, proof, checkpoint }: OpenReceipt): Finding {
  const { size, root } = checkpoint;
  const included = verifyInclusion({ leafHash: leafHash(entryBytes), index: proof.index, size, root }, proof.hashes);
  const place = `entry ${proof.index} of ${size}`;
  return included ? held(place) : failed('bad-log-proof', `the proof does not lead from ${place} to the signed root`);
}

/** The logged entry is about this decision, this outcome and exactly this payload. */
export function checkEntry({ entry, predicate, payload }: OpenReceipt): Finding {
  const same = jcs(entry) === jcs(sealedEntryOf(predicate, payload));
  return same
    ? held(`the entry holds SHA-256 ${entry.payloadSha256} of the payload`)
    : failed('bad-log-proof', 'the logged entry is not about this payload');
}
