/**
 * Takes in what tenants add themselves. Callers share commits: who comes in one turn of the event loop goes into one, and
 * whoever comes while as many as may are under way goes into the next, so there is no timer and a lone caller waits for
 * nobody. An Idempotency-Key is the entry's id by digest; ids are unique
 * among staged and logged entries, for ever, and that is all that exactly once takes.
 */
import { createHash, hash } from 'node:crypto';
import { fromUtf8, jcs, MalformedError, MAX_ENTRY_BYTES } from '@conclave/audit-core';
import { ConclaveError, idFromDigest, newId, type ReplyOf, type RequestOf, type audit } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Sequencer } from '../log/sequencer.js';
import { entryBytes, EntryTooLong } from './entry-bytes.js';
import { PostgresStage, type AddedEntry, type StagedEntry } from './postgres-stage.js';
import { SealedEntries } from './sealed-entries.js';

/** What a tenant adds is of this type, whatever it calls it: no entry of the platform's can be mistaken for it. */
const ADDED = 'entry.added';
/** Entries of one commit, and commits at a time: while one is flushed the next is filled. */
const BATCH = 512;
const COMMITS = 2;
/** What is hashed before an entry's bytes. */
const LEAF = Uint8Array.of(0);
const KEY = /^[\x21-\x7e]{1,200}$/;

type Request = RequestOf<typeof audit.addEntry>;

interface Waiting {
  readonly entry: AddedEntry;
  readonly resolve: (kept: StagedEntry) => void;
  readonly reject: (error: unknown) => void;
}

@Injectable()
export class AddEntries {
  private queue: Waiting[] = [];
  private commits = 0;
  private due: NodeJS.Immediate | undefined;

  constructor(
    @Inject(PostgresStage) private readonly stage: PostgresStage,
    @Inject(Sequencer) private readonly sequencer: Sequencer,
    @Inject(SealedEntries) private readonly sealed: SealedEntries,
  ) {}

  /**
   * @throws ConclaveError `audit.entry.malformed` | `request.too-large` | `request.idempotency-key` |
   * `request.idempotency-mismatch`; for a sealed one `audit.entry.pending` | `audit.log.refused` |
   * `audit.store.unreadable`
   */
  async add(ctx: RequestContext, request: Request): Promise<ReplyOf<typeof audit.addEntry>> {
    const entry = entryOf(ctx, request);
    const kept = await new Promise<StagedEntry>((resolve, reject) => {
      this.queue.push({ entry, resolve, reject });
      this.commit();
    });
    if (kept !== entry && saidBy(kept) !== saidBy(entry)) throw new ConclaveError('request.idempotency-mismatch');
    const { grade, waitMs } = request;
    const leafHash = hash('sha256', Buffer.concat([LEAF, kept.body]), 'hex');
    const reply = { id: kept.id, leafHash, grade };
    return grade === 'sealed' ? { ...reply, ...(await this.sealed.proofOf(ctx, kept.id, waitMs)) } : reply;
  }

  private commit(): void {
    this.due ??= setImmediate(() => {
      this.due = undefined;
      this.commitWaiting();
    });
  }

  private commitWaiting(): void {
    while (this.queue.length > 0 && this.commits < COMMITS) {
      const batch = this.queue.splice(0, BATCH);
      this.commits++;
      void this.commitAll(batch).finally(() => {
        this.commits--;
        this.commit();
      });
    }
  }

  private async commitAll(batch: readonly Waiting[]): Promise<void> {
    try {
      const kept = await this.stage.add(batch.map(({ entry }) => entry));
      batch.forEach(({ resolve }, at) => resolve(kept[at]!));
      this.sequencer.kick();
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    }
  }
}

function entryOf(ctx: RequestContext, { type, actor, data }: Request): AddedEntry {
  const parts = {
    ...{ id: idOf(ctx), type: ADDED, tenantId: ctx.tenantId, actor: ctx.actor, at: new Date().toISOString() },
    verdict: ctx.verdict,
    data: { type, ...(actor === undefined ? {} : { actor }), data },
  };
  try {
    return { ...parts, body: entryBytes(parts), keyed: ctx.idempotencyKey !== undefined };
  } catch (cause) {
    if (cause instanceof EntryTooLong)
      throw new ConclaveError('request.too-large', { limitBytes: MAX_ENTRY_BYTES }, { cause });
    if (cause instanceof MalformedError)
      throw new ConclaveError('audit.entry.malformed', { reason: cause.message }, { cause });
    throw cause;
  }
}

function idOf({ tenantId, actor, idempotencyKey }: RequestContext): string {
  if (idempotencyKey === undefined) return newId('event');
  if (!KEY.test(idempotencyKey)) throw new ConclaveError('request.idempotency-key');
  const name = jcs(['conclave/audit-entry/v1', tenantId, actor, idempotencyKey]);
  return idFromDigest('event', createHash('sha256').update(name).digest());
}

/** What the caller said, without the moment it was heard. */
function saidBy({ body }: StagedEntry): string {
  const { data } = JSON.parse(fromUtf8(body)) as { data: unknown };
  return jcs(data);
}
