/**
 * The log's side of C2SP tlog-witness v1.0.0 and tlog-cosignature v1: what is sent to a witness, and what its answer
 * is worth.
 *
 * A witness that cosigns states that the checkpoint extends all it ever cosigned of that log. Its answer is believed
 * only as far as its key goes: lines of other keys are ignored, a line of its key that does not hold spoils the answer.
 */
import { base64, concatBytes, equalBytes } from './bytes.js';
import { parseDecimal } from './decimal.js';
import { MalformedError } from './malformed-error.js';
import { cosignedMessage, ED25519_COSIGNATURE, formatNote, noteKeyId, parseNote, verifyNote } from './signed-note.js';
import type { NoteKey, NoteSignature } from './signed-note.js';

const FORMAT = 'tlog-witness';

/** A checkpoint offered to a witness, with the proof that it extends the one of `oldSize`. */
export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  /** The whole signed note. */
  readonly checkpoint: string;
}

/** The body of an `add-checkpoint` request. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `${[`old ${oldSize}`, ...proof.map(base64)].join('\n')}\n\n${checkpoint}`;
}

/** The size a witness holds, from the body of its 409; nothing when it is no size (it may hold another root of ours). */
export function parseWitnessedSize(body: string): number | undefined {
  try {
    return parseDecimal(body.replace(/\n$/, ''), FORMAT);
  } catch {
    return undefined;
  }
}

/** Signs a checkpoint's text as a witness does; `seconds` is POSIX time. */
export function cosign(
  checkpointText: string,
  { name, publicKey }: Pick<NoteKey, 'name' | 'publicKey'>,
  seconds: bigint,
  sign: (message: Uint8Array) => Uint8Array,
): NoteSignature {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, seconds);
  const signature = concatBytes(time, sign(cosignedMessage(checkpointText, seconds)));
  return { name, keyId: noteKeyId({ name, type: ED25519_COSIGNATURE, publicKey }), signature };
}

/** When a cosignature was made, POSIX seconds. */
export function cosignedAt({ signature }: NoteSignature): number {
  return Number(new DataView(signature.buffer, signature.byteOffset, signature.byteLength).getBigUint64(0));
}

/**
 * The witness' own signature line over the checkpoint, as it answered, with its newline.
 * @throws MalformedError for an answer that holds none, or one that does not verify
 */
export async function readCosignature(answer: string, checkpointText: string, witness: NoteKey): Promise<string> {
  const { signatures } = parseNote(`${checkpointText}\n${answer}`);
  const own = signatures.filter(({ name, keyId }) => name === witness.name && equalBytes(keyId, noteKeyId(witness)));
  const { signers, failed } = await verifyNote({ text: checkpointText, signatures: own }, [witness]);
  if (signers.length === 0 || failed.length > 0) throw new MalformedError(FORMAT, `no cosignature of ${witness.name}`);
  return formatNote({ text: checkpointText, signatures: own.slice(0, 1) }).slice(checkpointText.length + 1);
}
