import {
  base64,
  consistencyProof,
  hasTile,
  inclusionProof,
  nodesForConsistency,
  nodesForInclusion,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
  type Tile,
} from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, type ReplyOf, type audit } from '@conclave/contracts';
import { Database, type Actor, type Statements } from '@conclave/postgres-kit';
import { retentionOf } from '../records/postgres-retention.js';
import { Cosignatures } from '../witness/cosignatures.js';
import { pathOf, type LogName } from './log-name.js';
import { LOG_STORE, type LogStore } from './log-store.js';
import { PostgresLog, type OpenLog, type StoredCheckpoint } from './postgres-log.js';
import { tileBytes } from './tile-bytes.js';

/**
 * Proofs from tiles: a few reads each, whatever the size of the log. They need no common moment, because nothing that
 * they read ever changes.
 */
@Injectable()
export class ReadProofs {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(LOG_STORE) private readonly store: LogStore | null,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  /** @throws ConclaveError `audit.log.empty` | `audit.proof.range` */
  async inclusion(
    ctx: Actor,
    index: number,
    size: number | undefined,
  ): Promise<ReplyOf<typeof audit.getInclusionProof>> {
    const db = this.db.reads(ctx);
    const { log, checkpoint } = await this.checkpoint(db, ctx, size);
    if (index >= checkpoint.size) throw new ConclaveError('audit.proof.range', { size: checkpoint.size });
    const leaf = { level: 0, index };
    const nodeAt = await this.log.nodes(db, log, [leaf, ...nodesForInclusion(index, checkpoint.size)]);
    return {
      index,
      size: checkpoint.size,
      leafHash: base64(nodeAt(leaf.level, leaf.index)),
      hashes: inclusionProof(index, checkpoint.size, nodeAt).map(base64),
      checkpoint: checkpoint.note,
    };
  }

  /** @throws ConclaveError `audit.log.empty` | `audit.proof.range` */
  async consistency(
    ctx: Actor,
    from: number,
    to: number | undefined,
  ): Promise<ReplyOf<typeof audit.getConsistencyProof>> {
    const db = this.db.reads(ctx);
    const { log, checkpoint } = await this.checkpoint(db, ctx, to);
    if (from > checkpoint.size) throw new ConclaveError('audit.proof.range', { size: checkpoint.size });
    const nodeAt = await this.log.nodes(db, log, nodesForConsistency(from, checkpoint.size));
    return {
      from,
      to: checkpoint.size,
      hashes: consistencyProof(from, checkpoint.size, nodeAt).map(base64),
      checkpoint: checkpoint.note,
    };
  }

  /**
   * A file of the present log, or of one that was sealed: that is read where it was published.
   *
   * @throws ConclaveError `audit.tile.not-found` | `audit.entry.pruned` | `audit.store.unreadable`
   */
  async tile(ctx: Actor, path: string, number?: number): Promise<Uint8Array> {
    const tile = tileAt(path);
    const db = this.db.autocommit(ctx);
    const present = await this.log.open(db, ctx.tenantId);
    const log = { tenantId: ctx.tenantId, number: number ?? present?.number ?? 1 };
    if (tile.level === 'entries') await refusePruned(db, log, tile);
    const bytes =
      log.number === present?.number
        ? hasTile(tile, present.published) && (await tileBytes(this.log, db, log, tile))
        : await this.stored(log, tile);
    if (!bytes) throw new ConclaveError('audit.tile.not-found');
    return bytes;
  }

  private async stored(log: LogName, tile: Tile): Promise<Uint8Array | undefined> {
    return this.store?.read(`${pathOf(log)}/${tilePath(tile)}`);
  }

  private async checkpoint(
    db: Statements,
    ctx: Actor,
    size: number | undefined,
  ): Promise<{ log: OpenLog; checkpoint: StoredCheckpoint }> {
    const found = await this.log.published(db, ctx.tenantId, size);
    if (!found || found.log.published === 0) throw new ConclaveError('audit.log.empty');
    const { log, checkpoint } = found;
    if (!checkpoint) throw new ConclaveError('audit.proof.range', { size: log.published });
    const { note } = await this.cosignatures.of(db, log, checkpoint);
    return { log, checkpoint: { ...checkpoint, note } };
  }
}

/** @throws ConclaveError `audit.entry.pruned` */
async function refusePruned(db: Statements, log: LogName, { index }: Tile): Promise<void> {
  const { minimumIndex } = await retentionOf(db, log);
  if (index * TILE_WIDTH < minimumIndex) throw new ConclaveError('audit.entry.pruned', { minimumIndex });
}

function tileAt(path: string): Tile {
  try {
    return parseTilePath(path);
  } catch (cause) {
    throw new ConclaveError('audit.tile.not-found', {}, { cause });
  }
}
