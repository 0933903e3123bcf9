import { base64, formatTlogProof, inclusionProof, nodesForInclusion } from '@conclave/audit-core';
import { events } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';
import type { LogName } from './log-name.js';
import type { LoggedEntry, PostgresLog, StoredCheckpoint } from './postgres-log.js';

/** The proof (C2SP tlog-proof) of each index under a checkpoint, in their order. */
export async function proofsOf(
  log: PostgresLog,
  db: Statements,
  name: LogName,
  { checkpoint: { size, note }, indexes }: { checkpoint: StoredCheckpoint; indexes: readonly number[] },
): Promise<string[]> {
  const ids = indexes.flatMap((index) => nodesForInclusion(index, size));
  const nodeAt = await log.nodes(db, name, ids);
  return indexes.map((index) =>
    formatTlogProof({ index, hashes: inclusionProof(index, size, nodeAt), checkpoint: note }),
  );
}

/** Hands the proof of each entry to who waits for it. */
export async function tellProofs(
  log: PostgresLog,
  tx: Tx,
  name: LogName,
  { checkpoint, entries }: { checkpoint: StoredCheckpoint; entries: readonly LoggedEntry[] },
): Promise<void> {
  const proofs = await proofsOf(log, tx, name, { checkpoint, indexes: entries.map(({ index }) => index) });
  for (const [at, { eventId, type, index, body }] of entries.entries())
    await tx.emit(events.entryCheckpointed, { eventId, type, index, entry: base64(body), proof: proofs[at]! });
}
