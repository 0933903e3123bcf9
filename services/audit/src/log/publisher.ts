/**
 * Publishes what was committed: tiles and entry bundles into the store, then the checkpoint over them, then the word of
 * it to those who wait. A crash on the way repeats it with the same bytes; a published checkpoint never goes back.
 */
import { newTiles, parseCheckpoint, parseNote, tilePath, TILE_WIDTH, type Tile } from '@conclave/audit-core';
import { LOG } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { HeldProofs } from '../witness/held-proofs.js';
import { AWAITED } from './awaited.js';
import { LogGuard } from './log-guard.js';
import { pathOf } from './log-name.js';
import { LOG_STORE, type LogStore } from './log-store.js';
import { PostgresLog, type OpenLog, type StoredCheckpoint } from './postgres-log.js';
import { PostgresPublished } from './postgres-published.js';
import { TellProofs } from './tell-proofs.js';
import { tileBytes } from './tile-bytes.js';

/** A log that nobody waits for is published at most this often: partial tiles are written again each time. */
const PAUSE_MS = 600;
/** Logs that one replica publishes at once. */
const AT_ONCE = 4;
/** Files of one log that are written at once. */
const FILES_AT_ONCE = 8;
/** What another replica left unpublished is found within this time. */
const SWEEP_MS = 1_000;

@Injectable()
export class Publisher {
  /** Logs to publish, with the time from which on; those that cannot wait come first. */
  private readonly due = new Map<string, number>();
  private readonly publishedAt = new Map<string, number>();
  private readonly working = new Set<string>();
  private readonly listeners = new Set<(tenantId: string) => void>();
  private readonly running = new Set<Promise<void>>();
  private sweeper: NodeJS.Timeout | undefined;
  private alarm: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(PostgresPublished) private readonly published: PostgresPublished,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(LOG_STORE) private readonly store: LogStore | null,
    @Inject(TellProofs) private readonly proofs: TellProofs,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(LOG) private readonly logger: Logger,
  ) {}

  start(): void {
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS);
    void this.sweep();
    void this.published
      .everyLog((db, logs) => this.guard.check(db, logs))
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'logs are compared with their checkpoints when they grow');
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.sweeper);
    clearTimeout(this.alarm);
    await Promise.all(this.running);
  }

  /** Publishes a tenant's log, soon; at once when somebody waits for it. */
  kick(tenantId: string, { urgent }: { urgent: boolean }): void {
    const from = urgent ? 0 : (this.publishedAt.get(tenantId) ?? 0) + PAUSE_MS;
    this.due.set(tenantId, Math.min(from, this.due.get(tenantId) ?? Infinity));
    this.work();
  }

  /** Calls back after each log that was published here; the function it returns ends that. */
  onPublished(listener: (tenantId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async sweep(): Promise<void> {
    try {
      for (const tenantId of await this.published.unpublished()) this.kick(tenantId, { urgent: false });
    } catch (error) {
      this.logger.warn({ err: error }, 'publishing will be tried again');
    }
  }

  private work(): void {
    clearTimeout(this.alarm);
    const now = performance.now();
    const waiting = [...this.due].filter(([tenantId]) => !this.working.has(tenantId)).sort(([, a], [, b]) => a - b);
    for (const [tenantId, from] of waiting) {
      if (this.stopped || this.working.size >= AT_ONCE) return;
      if (from > now) {
        this.alarm = setTimeout(() => this.work(), from - now);
        return;
      }
      this.due.delete(tenantId);
      this.working.add(tenantId);
      const done = this.publish(tenantId).finally(() => {
        this.working.delete(tenantId);
        this.running.delete(done);
        this.work();
      });
      this.running.add(done);
    }
  }

  private async publish(tenantId: string): Promise<void> {
    try {
      const moved = await this.published.alone(tenantId, (tx) => this.publishIn(tx, tenantId));
      if (moved) for (const listener of this.listeners) listener(tenantId);
    } catch (error) {
      this.logger.error({ err: error, tenant: tenantId }, 'this log is not published; it will be tried again');
    }
    this.publishedAt.set(tenantId, performance.now());
  }

  private async publishIn(tx: Tx, tenantId: string): Promise<boolean> {
    const log = await this.log.open(tx, tenantId);
    if (!log || log.published === log.size) return false;
    if ((await this.guard.check(tx, [log])).size > 0) return false;
    const checkpoint = (await this.log.headAt(tx, log, log.size))!;
    if (this.store) await this.write(tx, this.store, log, checkpoint);
    await this.published.mark(tx, log);
    await this.announce(tx, log, checkpoint);
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
  private async announce(tx: Tx, log: OpenLog, checkpoint: StoredCheckpoint): Promise<void> {
    const range = { from: log.published, to: checkpoint.size };
    const awaited = await this.log.entriesOfTypes(tx, log, { ...range, types: AWAITED });
    await this.proofs.tell(tx, log, checkpoint, await this.held.hold(tx, log, awaited));
  }
}

/** What the store has of the log already: nothing, when it was set later. */
async function sizeIn(store: LogStore, log: OpenLog): Promise<number> {
  const note = await store.read(`${pathOf(log)}/checkpoint`);
  return note ? parseCheckpoint(parseNote(Buffer.from(note).toString()).text).size : 0;
}
