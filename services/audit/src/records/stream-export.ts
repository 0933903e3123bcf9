import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  base64,
  consistencyProof,
  hex,
  inclusionProof,
  nodesForConsistency,
  nodesForInclusion,
  nodesForRoot,
  parseCheckpoint,
  parseNote,
  type NodeId,
  type NodeReader,
} from '@conclave/audit-core';
import { ConclaveError, type RequestOf, type records } from '@conclave/contracts';
import type { HttpExchange, RequestContext } from '@conclave/nest-kit';
import { Database, type Statements } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import type { LogName } from '../log/log-name.js';
import { PostgresLog } from '../log/postgres-log.js';
import { Cosignatures } from '../witness/cosignatures.js';
import { CreateExport } from './create-export.js';
import { jsonLine } from './formats/line.js';
import { foreignFormats, writeEntry, type OfLog } from './formats/write-line.js';
import { findEntries, type FoundEntry } from './postgres-entries.js';
import { noteProgress, type ExportView } from './postgres-exports.js';
import { retentionOf } from './postgres-retention.js';

/** Entries that are in memory at once. */
const BATCH = 500;

/** An export that is being read. */
interface Work extends Omit<ExportView, 'log'> {
  readonly log: LogName;
  readonly db: Statements;
}

/**
 * Writes the lines of an export while they are read, at the pace of the reader. A range without a filter is verified by
 * rebuilding its tree: it begins with the hashes of what is left of it and, where it ends before the checkpoint, ends
 * with a consistency proof. With a filter each entry brings its own proof.
 */
@Injectable()
export class StreamExport {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
    @Inject(CreateExport) private readonly exports: CreateExport,
  ) {}

  /** @throws ConclaveError `audit.export.not-found` | `audit.entry.pruned` */
  async run(
    ctx: RequestContext,
    { id }: RequestOf<typeof records.getExportContent>,
    { reply }: HttpExchange,
  ): Promise<void> {
    const { view, log } = await this.exports.find(ctx, id);
    // What follows lasts as long as the reader does, not as long as a request may.
    const work = { ...view, log, db: this.db.autocommit({ tenantId: ctx.tenantId, actor: ctx.actor }) };
    const { minimumIndex } = await retentionOf(work.db, log);
    if (view.from < minimumIndex) throw new ConclaveError('audit.entry.pruned', { minimumIndex });
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': view.format === 'jsonl' ? 'application/jsonl' : 'text/plain' });
    try {
      await pipeline(Readable.from(this.lines(work), { objectMode: true }), reply.raw);
    } catch (error) {
      // Whoever hung up knows; the export stays to be read again.
      if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }

  private async *lines(work: Work): AsyncGenerator<string> {
    const { db, log, id, format, filter = {}, from, to } = work;
    if (format === 'jsonl') yield await this.head(work);
    let sent = 0;
    for (let next = from; ;) {
      await noteProgress(db, log.tenantId, { id, sent, state: 'streaming' });
      const found = await findEntries(db, log, { filter, range: { from: next, to }, order: 'asc', limit: BATCH });
      if (found.length === 0) break;
      yield await this.batch(work, found);
      sent += found.length;
      next = found.at(-1)!.index + 1;
    }
    yield await this.tail(work, sent);
    await noteProgress(db, log.tenantId, { id, sent, state: 'complete' });
  }

  private async head(work: Work): Promise<string> {
    const { log, filter, from, to } = work;
    const ids = filter === undefined ? nodesForRoot(from) : [];
    const nodeAt = await this.nodes(work, ids);
    return line({
      export: 'conclave/audit-export/v1',
      origin: this.signer.originOf(log),
      vkeys: this.signer.vkeysOf(log),
      ...{ from, to, checkpoint: await this.checkpoint(work) },
      ...(filter === undefined
        ? { frontier: ids.map(({ level, index }) => base64(nodeAt(level, index))) }
        : { filter }),
    });
  }

  private async batch(work: Work, found: readonly FoundEntry[]): Promise<string> {
    const { format, filter, size } = work;
    const proven = format === 'jsonl' && filter !== undefined;
    const nodeAt = await this.nodes(work, proven ? found.flatMap(({ index }) => nodesForInclusion(index, size)) : []);
    const proofOf = (index: number): string[] => inclusionProof(index, size, nodeAt).map(base64);
    const of = this.ofLog(work);
    return found
      .map((entry) => `${writeEntry(format, entry, of, proven ? proofOf(entry.index) : undefined)}\n`)
      .join('');
  }

  private async tail(work: Work, entries: number): Promise<string> {
    const { id, format, filter, to, size } = work;
    const checkpoint = await this.checkpoint(work);
    if (format !== 'jsonl') {
      const place = { size, root: hex(parseCheckpoint(parseNote(checkpoint).text).root) };
      const about = { ...this.ofLog(work), id, type: 'log.checkpoint', actor: 'service:audit', at: new Date() };
      return `${foreignFormats[format]({ ...about, place, data: { checkpoint, entries } })}\n`;
    }
    const grown = filter === undefined && to > 0 && to < size;
    const nodeAt = await this.nodes(work, grown ? nodesForConsistency(to, size) : []);
    const proof = grown ? { consistency: consistencyProof(to, size, nodeAt).map(base64) } : {};
    return line({ checkpoint, entries, ...proof });
  }

  private ofLog({ log }: Work): OfLog {
    return { origin: this.signer.originOf(log), tenantId: log.tenantId };
  }

  /** With the cosignatures there are. @throws Error when it is no longer there */
  private async checkpoint({ db, log, size }: Work): Promise<string> {
    const head = await this.log.headAt(db, log, size);
    if (!head) throw new Error(`the checkpoint of size ${size} is missing`);
    const of = { tenantId: log.tenantId, origin: this.signer.originOf(log) };
    return (await this.cosignatures.of(db, of, head)).note;
  }

  private nodes({ db, log }: Work, ids: readonly NodeId[]): Promise<NodeReader> {
    return this.log.nodes(db, log, ids);
  }
}

const line = (value: object): string => `${jsonLine(value)}\n`;
