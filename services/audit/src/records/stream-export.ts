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
} from '@conclave/audit-core';
import { ConclaveError, type RequestOf, type records } from '@conclave/contracts';
import type { HttpExchange, RequestContext } from '@conclave/nest-kit';
import { Database, type Actor } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import { PostgresLog } from '../log/postgres-log.js';
import { CreateExport } from './create-export.js';
import { jsonLine } from './formats/line.js';
import { foreignFormats, writeEntry, type OfLog } from './formats/write-line.js';
import { findEntries, type FoundEntry } from './postgres-entries.js';
import { noteProgress, type ExportView } from './postgres-exports.js';
import { retentionOf } from './postgres-retention.js';

/** Entries that are in memory at once. */
const BATCH = 500;

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
    @Inject(CreateExport) private readonly exports: CreateExport,
  ) {}

  /** @throws ConclaveError `audit.export.not-found` | `audit.entry.pruned` */
  async run(
    ctx: RequestContext,
    { id }: RequestOf<typeof records.getExportContent>,
    { reply }: HttpExchange,
  ): Promise<void> {
    const spec = await this.exports.find(ctx, id);
    // What follows lasts as long as the reader does, not as long as a request may.
    const actor: Actor = { tenantId: ctx.tenantId, actor: ctx.actor };
    await this.refusePruned(actor, spec);
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': spec.format === 'jsonl' ? 'application/jsonl' : 'text/plain' });
    try {
      await pipeline(Readable.from(this.lines(actor, spec), { objectMode: true }), reply.raw);
    } catch (error) {
      // Whoever hung up knows; the export stays to be read again.
      if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }

  private async refusePruned(ctx: Actor, { from }: ExportView): Promise<void> {
    const { minimumIndex } = await retentionOf(this.db.autocommit(ctx), ctx.tenantId);
    if (from < minimumIndex) throw new ConclaveError('audit.entry.pruned', { minimumIndex });
  }

  private async *lines(ctx: Actor, spec: ExportView): AsyncGenerator<string> {
    const db = this.db.autocommit(ctx);
    const { id, format, filter = {}, from, to } = spec;
    if (format === 'jsonl') yield await this.head(ctx, spec);
    let sent = 0;
    for (let next = from; ;) {
      await noteProgress(db, ctx.tenantId, { id, sent, state: 'streaming' });
      const range = { from: next, to };
      const found = await findEntries(db, ctx.tenantId, { filter, range, order: 'asc', limit: BATCH });
      if (found.length === 0) break;
      yield await this.batch(ctx, spec, found);
      sent += found.length;
      next = found.at(-1)!.index + 1;
    }
    yield await this.tail(ctx, spec, sent);
    await noteProgress(db, ctx.tenantId, { id, sent, state: 'complete' });
  }

  private async head(ctx: Actor, { filter, from, to, size }: ExportView): Promise<string> {
    const { tenantId } = ctx;
    const ids = filter === undefined ? nodesForRoot(from) : [];
    const nodeAt = await this.nodes(ctx, ids);
    return line({
      export: 'conclave/audit-export/v1',
      origin: this.signer.originOf(tenantId),
      vkey: this.signer.vkeyOf(tenantId),
      ...{ from, to, checkpoint: await this.checkpoint(ctx, size) },
      ...(filter === undefined
        ? { frontier: ids.map(({ level, index }) => base64(nodeAt(level, index))) }
        : { filter }),
    });
  }

  private async batch(ctx: Actor, { format, filter, size }: ExportView, found: FoundEntry[]): Promise<string> {
    const log = this.logOf(ctx);
    const proven = format === 'jsonl' && filter !== undefined;
    const ids = proven ? found.flatMap(({ index }) => nodesForInclusion(index, size)) : [];
    const nodeAt = await this.nodes(ctx, ids);
    const proofOf = (index: number): string[] => inclusionProof(index, size, nodeAt).map(base64);
    return found
      .map((entry) => `${writeEntry(format, entry, log, proven ? proofOf(entry.index) : undefined)}\n`)
      .join('');
  }

  private logOf({ tenantId }: Actor): OfLog {
    return { origin: this.signer.originOf(tenantId), tenantId };
  }

  private async tail(ctx: Actor, { format, filter, to, size, id }: ExportView, entries: number): Promise<string> {
    const note = await this.checkpoint(ctx, size);
    if (format !== 'jsonl') {
      const place = { size, root: hex(parseCheckpoint(parseNote(note).text).root) };
      const at = new Date();
      const data = { checkpoint: note, entries };
      const about = { ...this.logOf(ctx), id, type: 'log.checkpoint', actor: 'service:audit' };
      return `${foreignFormats[format]({ ...about, at, place, data })}\n`;
    }
    const grown = filter === undefined && to > 0 && to < size;
    const nodeAt = await this.nodes(ctx, grown ? nodesForConsistency(to, size) : []);
    const proof = grown ? { consistency: consistencyProof(to, size, nodeAt).map(base64) } : {};
    return line({ checkpoint: note, entries, ...proof });
  }

  /** @throws Error when it is no longer there */
  private async checkpoint(ctx: Actor, size: number): Promise<string> {
    const head = await this.db.tx(ctx, (tx) => this.log.headAt(tx, ctx.tenantId, size));
    if (!head) throw new Error(`the checkpoint of size ${size} is missing`);
    return head.note;
  }

  /** Reads nodes, each once. */
  private nodes(ctx: Actor, ids: readonly NodeId[]) {
    const distinct = [...new Map(ids.map((id) => [`${id.level}/${id.index}`, id])).values()];
    return this.db.tx(ctx, (tx) => this.log.nodes(tx, ctx.tenantId, distinct));
  }
}

const line = (value: object): string => `${jsonLine(value)}\n`;
