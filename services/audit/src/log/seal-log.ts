/**
 * Gives up a log that is refused and opens the next one. The old one is never signed again; the new one begins with an
 * entry that names it, with the checkpoint that was kept of it.
 */
import { createHash } from 'node:crypto';
import { ConclaveError, events, newId, type ReplyOf, type RequestOf, type audit } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { entryBytes } from '../entries/entry-bytes.js';
import { HeldProofs } from '../witness/held-proofs.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { LogGuard, type Refusal } from './log-guard.js';
import type { OpenLog, StoredCheckpoint } from './postgres-log.js';
import { PostgresOrigins } from './postgres-origins.js';

/** None when nothing of the log was ever published. */
type Last = StoredCheckpoint | undefined;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

@Injectable()
export class SealLog {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresOrigins) private readonly origins: PostgresOrigins,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
  ) {}

  /**
   * What was published last must be known, so that the entry that names it is true: a store that does not answer is
   * waited for. What it answers may be anything.
   *
   * @throws ConclaveError `audit.log.not-refused` | `audit.store.unreadable`
   */
  async seal(
    ctx: RequestContext,
    { origin, reason }: RequestOf<typeof audit.sealLog>,
  ): Promise<ReplyOf<typeof audit.sealLog>> {
    const next = await this.db.tx(ctx, async (tx) => {
      const log = await this.origins.lock(tx, ctx.tenantId);
      const refusal = log && (await this.guard.check(tx, [log])).get(ctx.tenantId);
      if (!log || !refusal || log.origin !== origin) throw new ConclaveError('audit.log.not-refused');
      const opened = { tenantId: ctx.tenantId, number: log.number + 1 };
      await this.held.tellAll(tx, log);
      const last = await this.lastOf(tx, log, refusal);
      await this.origins.seal(tx, {
        log,
        checkpoint: last?.note ?? '',
        size: last?.size ?? 0,
        reason,
        actor: ctx.actor,
      });
      await this.origins.open(tx, opened, this.signer.originOf(opened));
      await this.tell(tx, ctx, { log, refusal, last, reason });
      await tx.emit(events.logOpened, { origin: this.signer.originOf(opened) });
      return opened;
    });
    return { log: next.number, origin: this.signer.originOf(next), vkeys: this.signer.vkeysOf(next) };
  }

  /** The last checkpoint of it: what was kept, or, when that is none of this log's, what the database says. */
  private async lastOf(tx: Tx, log: OpenLog, { reason, kept, keptSize }: Refusal): Promise<Last> {
    return reason === 'unreadable' ? this.origins.lastPublished(tx, log) : { note: kept, size: keptSize };
  }

  private async tell(
    tx: Tx,
    ctx: RequestContext,
    { log, refusal, last, reason }: { log: OpenLog; refusal: Refusal; last: Last; reason: string },
  ): Promise<void> {
    const parts = {
      ...{
        id: newId('event'),
        type: events.logOpened.type,
        tenantId: ctx.tenantId,
        actor: ctx.actor,
        verdict: ctx.verdict,
        at: new Date().toISOString(),
      },
      data: {
        reason,
        previous: {
          ...{ origin: log.origin, size: log.size, refused: refusal.reason },
          ...(last ? { checkpoint: last.note } : {}),
          ...(refusal.reason === 'unreadable' ? { keptSha256: sha256(refusal.kept) } : {}),
        },
      },
    };
    await this.origins.stageFirst(tx, { ...parts, body: entryBytes(parts) });
  }
}
