/**
 * Offline proofs that an entry is in a log (C2SP tlog-proof v1).
 *
 * Text of index, inclusion proof and the signed checkpoint, verbatim with its cosignatures. The entry
 * itself travels beside the proof; `extra` is opaque and authenticated by nothing.
 */
import { base64, fromBase64 } from './bytes.js';
import { parseDecimal } from './decimal.js';
import { MalformedError } from './malformed-error.js';

/** A proof as read; `checkpoint` is the whole signed note. */
export interface TlogProof {
  readonly extra?: Uint8Array;
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
}

const FORMAT = 'tlog-proof';
const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** An inclusion proof climbs at most one hash per bit of the tree's size. */
const MAX_HASHES = 64;

/** Writes a proof; the exact inverse of `parseTlogProof`. */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  const extraLine = extra === undefined ? [] : [`extra ${base64(extra)}`];
  const head = [FIRST_LINE, ...extraLine, `index ${index}`, ...hashes.map(base64)];
  return `${head.join('\n')}\n\n${checkpoint}`;
}

/** Reads a proof; verifies nothing and leaves the checkpoint unparsed. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  if (end < 0) throw refuse('no blank line before the checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== FIRST_LINE) throw refuse(`the first line is not ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift()!.slice('extra '.length)) : undefined;
  const indexLine = lines.shift();
  if (!indexLine?.startsWith('index ')) throw refuse('no index line');
  if (lines.length > MAX_HASHES) throw refuse(`more than ${MAX_HASHES} hashes`);
  const hashes = lines.map(fromBase64);
  if (hashes.some((hash) => hash.length !== 32)) throw refuse('a hash is not 32 bytes');
  const index = parseDecimal(indexLine.slice('index '.length), FORMAT);
  return { ...(extra && { extra }), index, hashes, checkpoint: text.slice(end + 2) };
}

function refuse(reason: string): MalformedError {
  return new MalformedError(FORMAT, reason);
}
