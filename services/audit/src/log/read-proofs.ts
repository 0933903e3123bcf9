import { base64, consistencyProof, inclusionProof, nodesForConsistency, nodesForInclusion } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, type ReplyOf, type audit } from '@conclave/contracts';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Cosignatures } from '../witness/cosignatures.js';
import { PostgresLog, type StoredCheckpoint } from './postgres-log.js';

/** Proofs from stored nodes: a few rows each, whatever the size of the log. */
@Injectable()
export class ReadProofs {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  /** @throws ConclaveError `audit.log.empty` | `audit.proof.range` */
  inclusion(ctx: Actor, index: number, size: number | undefined): Promise<ReplyOf<typeof audit.getInclusionProof>> {
    return this.db.tx(ctx, async (tx) => {
      const checkpoint = await this.checkpoint(tx, ctx, size);
      if (index >= checkpoint.size) throw new ConclaveError('audit.proof.range', { size: checkpoint.size });
      const entry = (await this.log.entry(tx, ctx.tenantId, index))!;
      const nodeAt = await this.log.nodes(tx, ctx.tenantId, nodesForInclusion(index, checkpoint.size));
      return {
        index,
        size: checkpoint.size,
        leafHash: base64(entry.leafHash),
        hashes: inclusionProof(index, checkpoint.size, nodeAt).map(base64),
        checkpoint: checkpoint.note,
      };
    });
  }

  /** @throws ConclaveError `audit.log.empty` | `audit.proof.range` */
  consistency(ctx: Actor, from: number, to: number | undefined): Promise<ReplyOf<typeof audit.getConsistencyProof>> {
    return this.db.tx(ctx, async (tx) => {
      const checkpoint = await this.checkpoint(tx, ctx, to);
      if (from > checkpoint.size) throw new ConclaveError('audit.proof.range', { size: checkpoint.size });
      const nodeAt = await this.log.nodes(tx, ctx.tenantId, nodesForConsistency(from, checkpoint.size));
      return {
        from,
        to: checkpoint.size,
        hashes: consistencyProof(from, checkpoint.size, nodeAt).map(base64),
        checkpoint: checkpoint.note,
      };
    });
  }

  private async checkpoint(tx: Tx, ctx: Actor, size: number | undefined): Promise<StoredCheckpoint> {
    const latest = await this.log.latest(tx, ctx.tenantId);
    if (!latest) throw new ConclaveError('audit.log.empty');
    const wanted = size === undefined ? latest : await this.log.headAt(tx, ctx.tenantId, size);
    if (!wanted) throw new ConclaveError('audit.proof.range', { size: latest.size });
    const { note } = await this.cosignatures.of(tx, ctx.tenantId, wanted.size, wanted.note);
    return { ...wanted, note };
  }
}
