import { events } from '@conclave/contracts';
import { LOG, type ResourceFactory } from '@conclave/nest-kit';
import { Consumes, Database, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import { firstRowOf, logOfRow, type LogName } from '../log/log-name.js';
import { PostgresLog } from '../log/postgres-log.js';
import { writeEntry, type EntryFormat } from './formats/write-line.js';
import { KeepAndForget } from './keep-and-forget.js';
import { findEntries, indexEntries, type FoundEntry } from './postgres-entries.js';
import {
  advanceStream,
  closeStream,
  openStream,
  settleBatch,
  streamsBehind,
  takeStream,
  unindexedTenants,
  type StreamName,
} from './postgres-streams.js';

/** How late an entry is found by what it is about, or on its way to a webhook. */
const SWEEP_MS = 500;
const PRUNE_MS = 3_600_000;
/** Logs and streams whose turns are looked up at once. */
const PAGE = 50;
const BATCH = 500;
/** An event has to fit a message. */
const STREAM_BATCH = 100;
const STREAM_BYTES = 200_000;

/**
 * Follows the logs, apart from the sequencer, which nobody waits for: search learns what entries name, and webhooks that
 * want entries get them. Entries commit in the order of their places, so whoever reads on from a place misses none.
 */
@Injectable()
export class FollowLog {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(LOG) private readonly logger: Logger,
  ) {}

  @Consumes(events.webhookCreated)
  async open(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    const { webhook, entries } = data as z.output<typeof events.webhookCreated.data>;
    if (entries) await openStream(tx, tenantId, { webhook, format: entries.format, from: entries.from });
  }

  @Consumes(events.webhookDeleted, events.webhookDisabled)
  async close(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    await closeStream(tx, tenantId, (data as z.output<typeof events.webhookDeleted.data>).webhook);
  }

  @Consumes(events.entriesSettled)
  async settle(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    await settleBatch(tx, tenantId, (data as z.output<typeof events.entriesSettled.data>).webhook);
  }

  start(): void {
    this.timer = setInterval(() => {
      this.running ??= this.follow().finally(() => (this.running = undefined));
    }, SWEEP_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Round after round, while one of them left anything. */
  private async follow(): Promise<void> {
    try {
      while (!this.stopped && (await this.round()));
    } catch (error) {
      this.logger.warn({ err: error }, 'logs are followed later');
    }
  }

  /** One batch of each log and of each stream: a long one takes its turns among the others. @returns whether there is more */
  private async round(): Promise<boolean> {
    const indexed = await this.each(
      (after: string | undefined) => unindexedTenants(this.db, after ?? '', PAGE),
      (tenantId) => this.within(tenantId, async (tx) => (await indexEntries(tx, tenantId, BATCH)) === BATCH),
    );
    const sent = await this.each(
      (after: StreamName | undefined) => streamsBehind(this.db, after, PAGE),
      (stream) => this.within(stream.tenantId, (tx) => this.send(tx, stream)),
    );
    return indexed || sent;
  }

  /** @returns whether work on any of them left more of it */
  private async each<T>(
    page: (after: T | undefined) => Promise<T[]>,
    work: (one: T) => Promise<boolean>,
  ): Promise<boolean> {
    let more = false;
    for (let after: T | undefined, last = false; !last && !this.stopped;) {
      const some = await page(after);
      for (const one of some) more = (await work(one)) || more;
      last = some.length < PAGE;
      after = some.at(-1);
    }
    return more;
  }

  /** In a transaction of its own: what cannot be followed keeps nothing else from being. */
  private async within(tenantId: string, work: (tx: Tx) => Promise<boolean>): Promise<boolean> {
    try {
      return await this.db.tx({ tenantId, actor: 'service:audit' }, work);
    } catch (error) {
      this.logger.error({ err: error, tenant: tenantId }, 'this log is followed later');
      return false;
    }
  }

  /** Hands the next entries of a stream over. @returns whether there may be more */
  private async send(tx: Tx, stream: StreamName): Promise<boolean> {
    const { tenantId, webhook } = stream;
    const taken = await takeStream(tx, stream);
    if (!taken) return false;
    const { format, nextRow } = taken;
    const log = logOfRow(tenantId, nextRow);
    // Before the entries: a log that was given up by then has all of its own, and gets no more while they are read.
    const present = await this.log.open(tx, tenantId);
    const range = { from: nextRow - firstRowOf(log), to: Number.MAX_SAFE_INTEGER };
    const found = await findEntries(tx, log, { filter: {}, range, order: 'asc', limit: STREAM_BATCH });
    const fitting = this.fitting(log, format, found);
    if (fitting.length > 0) {
      const [first, last] = [fitting[0]!.index, fitting.at(-1)!.index];
      const lines = fitting.map(({ line }) => line);
      await tx.emit(events.entriesStreamed, { webhook, format, first, last, lines });
      await advanceStream(tx, stream, { nextRow: firstRowOf(log) + last + 1, sent: true });
      return fitting.length < found.length || found.length === STREAM_BATCH;
    }
    if (!present || log.number >= present.number) return false;
    const next = { tenantId, number: log.number + 1 };
    await advanceStream(tx, stream, { nextRow: firstRowOf(next), sent: false });
    return true;
  }

  /** As many lines as fit, at least one. They disclose nothing: what has left cannot be erased. */
  private fitting(log: LogName, format: EntryFormat, found: readonly FoundEntry[]) {
    const of = { origin: this.signer.originOf(log), tenantId: log.tenantId };
    let bytes = 0;
    const lines = found.map(({ disclosed: _disclosed, ...entry }) => ({
      index: entry.index,
      line: writeEntry(format, entry, of),
    }));
    const end = lines.findIndex(({ line }, at) => (bytes += sizeOf(line)) > STREAM_BYTES && at > 0);
    return end === -1 ? lines : lines.slice(0, end);
  }
}

/** What it takes of a message. */
const sizeOf = (line: string): number => Buffer.byteLength(JSON.stringify(line));

/** Follows the logs, and prunes them, with the service. */
export function following(): ResourceFactory<unknown> {
  return async () => {
    let follow: FollowLog | undefined;
    let pruner: NodeJS.Timeout | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        const found = app.get(FollowLog);
        found.start();
        follow = found;
        const keep = app.get(KeepAndForget);
        pruner = setInterval(() => void keep.pruneAll(), PRUNE_MS).unref();
      },
      async stop() {
        clearInterval(pruner);
        await follow?.stop();
      },
    };
  };
}
