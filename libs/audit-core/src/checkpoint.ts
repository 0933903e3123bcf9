/**
 * Checkpoints (C2SP tlog-checkpoint v1.0.0): the text of a signed tree head.
 *
 * Origin, size and root, one per line; the signature is the signed note's. `origin` names the log, so
 * two logs can never be confused even when one key signs for both.
 */
import { base64, fromBase64 } from './bytes.js';
import { parseDecimal } from './decimal.js';
import { MalformedError } from './malformed-error.js';
import type { TreeHead } from './merkle-proof.js';

/** A tree head of the log named `origin`; extension lines are kept verbatim and mean nothing here. */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
  readonly extensions: readonly string[];
}

/** The note text of a checkpoint. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), base64(root), ...extensions];
  if (lines.some((line) => line === '' || line.includes('\n'))) throw refuse('an empty or broken line');
  if (root.length !== 32) throw refuse('the root is not 32 bytes');
  return `${lines.join('\n')}\n`;
}

/** Reads the text of a note as a checkpoint. */
export function parseCheckpoint(noteText: string): Checkpoint {
  const [origin, size, root, ...rest] = noteText.split('\n');
  if (origin === undefined || size === undefined || root === undefined || rest.pop() !== '') {
    throw refuse('fewer than three lines');
  }
  if (origin === '' || rest.includes('')) throw refuse('an empty line');
  const checkpoint = { origin, size: parseDecimal(size, 'tlog-checkpoint'), root: fromBase64(root), extensions: rest };
  if (checkpoint.root.length !== 32) throw refuse('the root is not 32 bytes');
  return checkpoint;
}

function refuse(reason: string): MalformedError {
  return new MalformedError('tlog-checkpoint', reason);
}
