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
import { advanceStream, closeStream, openStream, takeStreams, tenantsBehind } from './postgres-streams.js';

/** How late an entry is found by what it is about, or on its way to a webhook. */
const SWEEP_MS = 500;
const PRUNE_MS = 3_600_000;
const TENANTS = 50;
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

  @Consumes(events.webhookDeleted)
  async close(tx: Tx, { tenantId, data }: PlacedEvent): Promise<void> {
    await closeStream(tx, tenantId, (data as z.output<typeof events.webhookDeleted.data>).webhook);
  }

  start(): void {
    this.timer = setInterval(() => {
      this.running ??= this.round().finally(() => (this.running = undefined));
    }, SWEEP_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    try {
      for (const tenantId of await tenantsBehind(this.db, TENANTS)) await this.follow(tenantId);
    } catch (error) {
      this.logger.warn({ err: error }, 'logs are followed later');
    }
  }

  /** One log that cannot be followed keeps no other from being. */
  private async follow(tenantId: string): Promise<void> {
    const ctx = { tenantId, actor: 'service:audit' };
    try {
      while ((await this.db.tx(ctx, (tx) => indexEntries(tx, tenantId, BATCH))) === BATCH);
      while (await this.db.tx(ctx, (tx) => this.send(tx, tenantId)));
    } catch (error) {
      this.logger.error({ err: error, tenant: tenantId }, 'this log is followed later');
    }
  }

  /** Hands the next entries of each stream over. @returns whether there may be more */
  private async send(tx: Tx, tenantId: string): Promise<boolean> {
    const present = await this.log.open(tx, tenantId);
    let more = false;
    for (const { webhook, format, nextRow } of await takeStreams(tx, tenantId)) {
      const log = logOfRow(tenantId, nextRow);
      const range = { from: nextRow - firstRowOf(log), to: Number.MAX_SAFE_INTEGER };
      const found = await findEntries(tx, log, { filter: {}, range, order: 'asc', limit: STREAM_BATCH });
      const fitting = this.fitting(log, format, found);
      if (fitting.length > 0) {
        const [first, last] = [fitting[0]!.index, fitting.at(-1)!.index];
        const lines = fitting.map(({ line }) => line);
        await tx.emit(events.entriesStreamed, { webhook, format, first, last, lines });
        await advanceStream(tx, tenantId, webhook, firstRowOf(log) + last + 1);
        more ||= fitting.length < found.length || found.length === STREAM_BATCH;
      } else if (present && log.number < present.number) {
        await advanceStream(tx, tenantId, webhook, firstRowOf(present));
        more = true;
      }
    }
    return more;
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
