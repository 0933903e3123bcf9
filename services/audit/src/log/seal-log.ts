/**
 * Gives up a log that is refused and opens the next one. The old one is never signed again; the new one begins with an
 * entry that names it, with the checkpoint that was kept of it.
 */
import { ConclaveError, events, newId, type ReplyOf, type RequestOf, type audit } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { entryBytes } from '../entries/entry-bytes.js';
import { HeldProofs } from '../witness/held-proofs.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { LogGuard, type Refusal } from './log-guard.js';
import type { OpenLog } from './postgres-log.js';
import { PostgresOrigins } from './postgres-origins.js';

@Injectable()
export class SealLog {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresOrigins) private readonly origins: PostgresOrigins,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
  ) {}

  /** @throws ConclaveError `audit.log.not-refused` */
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
      await this.origins.seal(tx, { log, checkpoint: refusal.kept, size: refusal.keptSize, reason, actor: ctx.actor });
      await this.origins.open(tx, opened, this.signer.originOf(opened));
      await this.tell(tx, ctx, { log, refusal, reason });
      await tx.emit(events.logOpened, { origin: this.signer.originOf(opened) });
      return opened;
    });
    return { log: next.number, origin: this.signer.originOf(next), vkeys: this.signer.vkeysOf(next) };
  }

  private async tell(
    tx: Tx,
    ctx: RequestContext,
    { log, refusal, reason }: { log: OpenLog; refusal: Refusal; reason: string },
  ): Promise<void> {
    const parts = {
      ...{
        id: newId('event'),
        type: events.logOpened.type,
        tenantId: ctx.tenantId,
        actor: ctx.actor,
        at: new Date().toISOString(),
      },
      data: {
        reason,
        previous: { origin: log.origin, size: log.size, refused: refusal.reason, checkpoint: refusal.kept },
      },
    };
    await this.origins.stageFirst(tx, { ...parts, body: entryBytes(parts) });
  }
}
