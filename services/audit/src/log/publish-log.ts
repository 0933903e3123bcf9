/**
 * Publishes what was committed: tiles and entry bundles into the store, then the checkpoint over them, then the word of
 * it to those who wait. A crash on the way repeats it with the same bytes; a published checkpoint never goes back.
 */
import { newTiles, parseCheckpoint, parseNote, tilePath, TILE_WIDTH, type Tile } from '@conclave/audit-core';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { HeldProofs } from '../witness/held-proofs.js';
import { AWAITED } from './awaited.js';
import { LogGuard } from './log-guard.js';
import { pathOf } from './log-name.js';
import { LOG_STORE, type LogStore } from './log-store.js';
import { PostgresLog, type LoggedEntry, type OpenLog, type SignedLog, type StoredCheckpoint } from './postgres-log.js';
import { PostgresPublished } from './postgres-published.js';
import { tellProofs } from './tell-proofs.js';
import { tileBytes } from './tile-bytes.js';

/** Files of one log that are written at once. */
const FILES_AT_ONCE = 8;

@Injectable()
export class PublishLog {
  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(PostgresPublished) private readonly published: PostgresPublished,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(LOG_STORE) private readonly store: LogStore | null,
    @Inject(HeldProofs) private readonly held: HeldProofs,
  ) {}

  /** @returns whether there was anything to publish, and it could be */
  async publish(tx: Tx, { log, checkpoint }: SignedLog): Promise<boolean> {
    if (log.published === log.size) return false;
    if ((await this.guard.check(tx, [log])).size > 0) return false;
    if (this.store) await this.write(tx, this.store, log, checkpoint);
    const range = { from: log.published, to: checkpoint.size, types: AWAITED };
    const [awaited] = await Promise.all([this.log.entriesOfTypes(tx, log, range), this.published.mark(tx, log)]);
    await this.announce(tx, log, checkpoint, awaited);
    return true;
  }

  private async write(tx: Tx, store: LogStore, log: OpenLog, checkpoint: StoredCheckpoint): Promise<void> {
    const tiles = newTiles(await sizeIn(store, log), log.size);
    for (let at = 0; at < tiles.length; at += FILES_AT_ONCE)
      await Promise.all(tiles.slice(at, at + FILES_AT_ONCE).map((tile) => this.keep(tx, store, log, tile)));
    await store.publish(`${pathOf(log)}/checkpoint`, checkpoint.note);
    const full = tiles.filter(({ width }) => width === TILE_WIDTH);
    for (const tile of full) await store.forgetPartial(`${pathOf(log)}/${tilePath(tile)}`);
  }

  private async keep(tx: Tx, store: LogStore, log: OpenLog, tile: Tile): Promise<void> {
    await store.keep(`${pathOf(log)}/${tilePath(tile)}`, await tileBytes(this.log, tx, log, tile));
  }

  /** Hands the proof of each entry that somebody waits for to who does, but for those that wait for witnesses. */
  private async announce(
    tx: Tx,
    log: OpenLog,
    checkpoint: StoredCheckpoint,
    awaited: readonly LoggedEntry[],
  ): Promise<void> {
    if (awaited.length === 0) return;
    const entries = await this.held.hold(tx, log, awaited);
    await tellProofs(this.log, tx, log, { checkpoint, entries });
  }
}

/** What the store has of the log already: nothing, when it was set later. */
async function sizeIn(store: LogStore, log: OpenLog): Promise<number> {
  const note = await store.read(`${pathOf(log)}/checkpoint`);
  return note ? parseCheckpoint(parseNote(Buffer.from(note).toString()).text).size : 0;
}
