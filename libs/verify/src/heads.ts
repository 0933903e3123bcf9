/**
 * Heads of a log that somebody kept, held against each other: a log that only grew has one root per size and a proof
 * from each head to the next. Two signed heads without that are evidence that its operator forked or cut it.
 *
 * Heads travel as lines, one per head, so that sets of them unite by sorting (git notes, files):
 * `conclave-head/v1 ORIGIN SIZE BASE64(signed note)`. Origin and size are for people; only the note counts.
 */
import {
  base64,
  equalBytes,
  fromBase64,
  fromUtf8,
  MalformedError,
  parseCheckpoint,
  parseNote,
  utf8,
  verifyConsistency,
  verifyNote,
  type Checkpoint,
  type NoteKey,
} from '@conclave/audit-core';
import { openReceipt } from './open-receipt.js';

const PREFIX = 'conclave-head/v1';

/** Two sizes of one log. */
export interface Growth {
  readonly from: number;
  readonly to: number;
}

/** What is claimed to lead from one size to another: hashes in base64, as the platform answers. */
export interface GrowthProof extends Growth {
  readonly hashes: readonly string[];
}

/** What heads of one log say together. */
export interface HeadsVerdict {
  /** Sizes of the heads whose signature holds, smallest first. */
  readonly sizes: readonly number[];
  /** Neighbours without a proof between them. */
  readonly unproven: readonly Growth[];
  /** Why they cannot be heads of one log that only grew. */
  readonly contradictions: readonly string[];
}

/** The line that stands for a checkpoint. @throws MalformedError for a text that is none */
export function headLine(checkpoint: string): string {
  const { origin, size } = parseCheckpoint(parseNote(checkpoint).text);
  return `${PREFIX} ${origin} ${size} ${base64(utf8(checkpoint))}`;
}

/** The checkpoints among the lines, verbatim; lines that are something else are passed over. */
export function headsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [prefix, , , encoded] = line.split(' ');
    if (prefix !== PREFIX || encoded === undefined) return [];
    return attempt(() => fromUtf8(fromBase64(encoded))) ?? [];
  });
}

/** The checkpoint a receipt was logged under. @throws MalformedError when it is no receipt */
export const headOfReceipt = (receipt: Uint8Array | string): string => openReceipt(receipt).proof.checkpoint;

/**
 * Compares the heads of the log `origin` that its key signed; others say nothing about it, whoever put them there.
 * @param logs keys trusted for logs
 */
export async function compareHeads(
  checkpoints: readonly string[],
  origin: string,
  logs: readonly NoteKey[],
  proofs: readonly GrowthProof[],
): Promise<HeadsVerdict> {
  const heads = new Map<number, Checkpoint>();
  const contradictions: string[] = [];
  for (const checkpoint of checkpoints) {
    const head = await signedHead(checkpoint, origin, logs);
    const other = head && heads.get(head.size);
    if (head && other && !equalBytes(head.root, other.root))
      contradictions.push(`${origin} has two roots at size ${head.size}: the log is forked`);
    else if (head) heads.set(head.size, head);
  }
  const sizes = [...heads.keys()].sort((a, b) => a - b);
  const unproven: Growth[] = [];
  for (const [at, to] of sizes.entries()) {
    const from = sizes[at - 1];
    if (from === undefined) continue;
    const proof = proofs.find((one) => one.from === from && one.to === to);
    if (!proof) unproven.push({ from, to });
    else if (!shows(proof, heads.get(from)!, heads.get(to)!))
      contradictions.push(`the proof does not show that ${origin} only grew from ${from} to ${to} entries`);
  }
  return { sizes, unproven, contradictions: [...new Set(contradictions)] };
}

/** The head, when it is of that log, not empty, and signed by it. */
async function signedHead(
  checkpoint: string,
  origin: string,
  logs: readonly NoteKey[],
): Promise<Checkpoint | undefined> {
  const read = attempt(() => {
    const note = parseNote(checkpoint);
    return { note, head: parseCheckpoint(note.text) };
  });
  if (read?.head.origin !== origin || read.head.size === 0) return undefined;
  const { signers } = await verifyNote(
    read.note,
    logs.filter(({ name }) => name === origin),
  );
  return signers.length > 0 ? read.head : undefined;
}

function shows({ hashes }: GrowthProof, older: Checkpoint, newer: Checkpoint): boolean {
  return attempt(() => verifyConsistency(older, newer, hashes.map(fromBase64))) ?? false;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
