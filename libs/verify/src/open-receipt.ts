/**
 * Reads a receipt file completely, before anything in it is judged.
 *
 * Every layer is parsed strictly and only once; the checks that follow work on these values alone, so none of
 * them can see a different document than another. Keys named inside are hints and are not even looked at here.
 */
import {
  fromBase64,
  fromUtf8,
  MalformedError,
  parseCheckpoint,
  parseNote,
  parseStrictJson,
  parseTlogProof,
  type Checkpoint,
  type Note,
  type TlogProof,
} from '@conclave/audit-core';
import {
  parseReceiptFile,
  parseSealedEntry,
  parseStatement,
  type Predicate,
  type Read,
  type ReceiptFile,
  type ReceiptStatement,
  type SealedEntry,
} from '@conclave/consensus-core';

/** A receipt with all its layers read. */
export interface OpenReceipt {
  readonly file: ReceiptFile;
  /** The signed bytes, and the statement they spell. */
  readonly payload: Uint8Array;
  readonly statement: ReceiptStatement;
  readonly predicate: Predicate;
  readonly envelopeSignature: { readonly keyid: string; readonly bytes: Uint8Array };
  /** The logged bytes, and what they say. */
  readonly entryBytes: Uint8Array;
  readonly entry: SealedEntry;
  readonly proof: TlogProof;
  readonly note: Note;
  readonly checkpoint: Checkpoint;
}

const MAX_BYTES = 32_000_000;

/** Reads a receipt of any origin; throws MalformedError on whatever is not one. */
export function openReceipt(input: Uint8Array | string): OpenReceipt {
  if (input.length > MAX_BYTES) throw new MalformedError('receipt', `longer than ${MAX_BYTES} bytes`);
  const file = known('receipt', parseReceiptFile(parseStrictJson(typeof input === 'string' ? input : fromUtf8(input))));
  const payload = fromBase64(file.envelope.payload);
  const statement = known('statement', parseStatement(parseStrictJson(fromUtf8(payload))));
  const entryBytes = fromBase64(file.log.entry);
  const proof = parseTlogProof(file.log.proof);
  const note = parseNote(proof.checkpoint);
  const { keyid, sig } = file.envelope.signatures[0]!;
  return {
    file,
    payload,
    statement,
    predicate: statement.predicate,
    envelopeSignature: { keyid, bytes: fromBase64(sig) },
    entryBytes,
    entry: known('log entry', parseSealedEntry(parseStrictJson(fromUtf8(entryBytes)))),
    proof,
    note,
    checkpoint: parseCheckpoint(note.text),
  };
}

function known<T>(format: string, result: Read<T>): T {
  if (!result.ok) throw new MalformedError(format, `${result.path || 'it'}: expected ${result.expected}`);
  return result.value;
}
