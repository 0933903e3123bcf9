import { ConclaveError } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { LogGuard } from '../log/log-guard.js';
import { PostgresLog } from '../log/postgres-log.js';
import { Publisher } from '../log/publisher.js';
import { Sequencer } from '../log/sequencer.js';
import { proofsOf } from '../log/tell-proofs.js';

/** Another replica may be the one that publishes. */
const LOOK_MS = 200;
/** What the answer needs of the caller's time. */
const RESERVE_MS = 500;

interface SealedProof {
  readonly index: number;
  readonly proof: string;
}

/** Waits until an entry is in a published checkpoint: who gets no proof must not act. */
@Injectable()
export class SealedEntries {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(Publisher) private readonly publisher: Publisher,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(Sequencer) private readonly sequencer: Sequencer,
  ) {}

  /** @throws ConclaveError `audit.entry.pending` | `audit.log.refused` | `audit.store.unreadable` */
  async proofOf(ctx: RequestContext, eventId: string, waitMs: number): Promise<SealedProof> {
    const until = Math.min(Date.now() + waitMs, ctx.deadlineAt - RESERVE_MS);
    for (;;) {
      const told = this.nextOf(ctx.tenantId, until);
      const proof = await this.find(ctx, eventId);
      if (proof) return proof;
      if (Date.now() >= until) throw new ConclaveError('audit.entry.pending');
      this.sequencer.kick({ urgent: true });
      this.publisher.kick(ctx.tenantId, { urgent: true });
      await told;
    }
  }

  private find(ctx: RequestContext, eventId: string): Promise<SealedProof | undefined> {
    return this.db.tx(ctx, async (tx) => {
      const log = await this.log.open(tx, ctx.tenantId);
      if (!log) return undefined;
      const index = await this.log.indexOf(tx, log, eventId);
      if (index !== undefined && index >= 0 && index < log.published) {
        const checkpoint = (await this.log.headAt(tx, log, log.published))!;
        const [proof] = await proofsOf(this.log, tx, log, { checkpoint, indexes: [index] });
        return { index, proof: proof! };
      }
      const refusal = (await this.guard.check(tx, [log], { locked: false })).get(ctx.tenantId);
      if (refusal) throw new ConclaveError('audit.log.refused', { reason: refusal.reason });
      return undefined;
    });
  }

  /** The next time the tenant's log is published, or it is time to look. */
  private nextOf(tenantId: string, until: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        end();
        resolve();
      };
      const end = this.publisher.onPublished((published) => {
        if (published === tenantId) done();
      });
      const timer = setTimeout(done, Math.max(0, Math.min(LOOK_MS, until - Date.now())));
    });
  }
}
