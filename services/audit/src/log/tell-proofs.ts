import { base64, formatTlogProof, inclusionProof, nodesForInclusion } from '@conclave/audit-core';
import { events } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { LogName } from './log-name.js';
import { PostgresLog, type LoggedEntry, type StoredCheckpoint } from './postgres-log.js';

/** Proofs of entries under a checkpoint, as files (C2SP tlog-proof) and as the word that waiting services get. */
@Injectable()
export class TellProofs {
  constructor(@Inject(PostgresLog) private readonly log: PostgresLog) {}

  /** The proof of each index, in their order. */
  async proofsOf(
    db: Statements,
    log: LogName,
    { size, note: checkpoint }: StoredCheckpoint,
    indexes: readonly number[],
  ): Promise<string[]> {
    const nodeAt = await this.log.nodes(
      db,
      log,
      indexes.flatMap((index) => nodesForInclusion(index, size)),
    );
    return indexes.map((index) => formatTlogProof({ index, hashes: inclusionProof(index, size, nodeAt), checkpoint }));
  }

  /** Hands the proof of each entry to who waits for it. */
  async tell(tx: Tx, log: LogName, checkpoint: StoredCheckpoint, entries: readonly LoggedEntry[]): Promise<void> {
    const indexes = entries.map(({ index }) => index);
    const proofs = await this.proofsOf(tx, log, checkpoint, indexes);
    for (const [at, { eventId, type, index, body }] of entries.entries())
      await tx.emit(events.entryCheckpointed, { eventId, type, index, entry: base64(body), proof: proofs[at]! });
  }
}
