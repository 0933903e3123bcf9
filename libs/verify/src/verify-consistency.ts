/**
 * For auditors: whether a log only grew between two of its checkpoints (RFC 9162 §2.1.4.2).
 *
 * Keep a checkpoint, ask for a later one and the proof between them: a history that was rewritten, cut or forked in
 * between has no such proof. Two checkpoints of one size with different roots are a fork, whatever the proof says.
 */
import {
  equalBytes,
  fromBase64,
  parseCheckpoint,
  parseNote,
  verifyConsistency,
  type Checkpoint,
  type NoteKey,
} from '@conclave/audit-core';
import { checkLogSignature, type SignedCheckpoint } from './log-checks.js';
import { failed, held, runChecks, type Finding, type Verdict } from './verdict.js';

/**
 * Checks two signed checkpoints, verbatim, and the base64 hashes of the proof between them.
 * @param logs keys trusted for logs; without them the best verdict is `consistent-untrusted`
 */
export async function verifyConsistencyOfCheckpoints(
  older: string,
  newer: string,
  proof: readonly string[],
  logs?: readonly NoteKey[],
): Promise<Verdict> {
  let first: SignedCheckpoint;
  let second: SignedCheckpoint;
  let hashes: Uint8Array[];
  return runChecks(
    [
      [
        'parse',
        () => {
          first = readCheckpoint(older);
          second = readCheckpoint(newer);
          hashes = proof.map(fromBase64);
          return held(`checkpoints of ${first.checkpoint.origin} and ${second.checkpoint.origin}`);
        },
      ],
      ['checkpoint', () => checkLogSignature(first, logs)],
      ['checkpoint', () => checkLogSignature(second, logs)],
      ['consistency', () => checkGrowth(first.checkpoint, second.checkpoint, hashes)],
    ],
    logs === undefined ? 'consistent-untrusted' : 'trusted',
  );
}

function checkGrowth(older: Checkpoint, newer: Checkpoint, proof: readonly Uint8Array[]): Finding {
  const { origin, size } = older;
  if (origin !== newer.origin) return failed('bad-log-proof', `${origin} and ${newer.origin} are two logs`);
  if (size === newer.size && !equalBytes(older.root, newer.root)) {
    return failed('bad-log-proof', `${origin} has two roots at size ${size}: the log is forked`);
  }
  const growth = `${origin} only grew from ${size} to ${newer.size} entries`;
  return verifyConsistency(older, newer, proof) ? held(growth) : failed('bad-log-proof', `no proof that ${growth}`);
}

function readCheckpoint(text: string): SignedCheckpoint {
  const note = parseNote(text);
  return { note, checkpoint: parseCheckpoint(note.text) };
}
