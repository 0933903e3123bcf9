import { ConclaveError, type ReplyOf, type audit } from '@conclave/contracts';
import { Database, type Actor, type Statements } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Cosignatures } from '../witness/cosignatures.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { LogGuard } from './log-guard.js';
import { PostgresLog, type SealedLog, type StoredCheckpoint } from './postgres-log.js';

/** What auditors ask of a tenant's logs: their names, keys and heads. */
@Injectable()
export class DescribeLog {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  /**
   * The published checkpoint of a log with the cosignatures there are; the present one unless told.
   *
   * @throws ConclaveError `audit.log.empty`
   */
  async checkpoint(ctx: Actor, number?: number): Promise<string> {
    const db = this.db.autocommit(ctx);
    const found = await this.log.published(db, ctx.tenantId, undefined);
    const [log, head] =
      number === undefined || number === found?.log.number
        ? [found?.log, found?.checkpoint]
        : await this.lastOf(db, ctx.tenantId, number);
    if (!log || !head) throw new ConclaveError('audit.log.empty');
    return (await this.cosignatures.of(db, log, head)).note;
  }

  private async lastOf(
    db: Statements,
    tenantId: string,
    number: number,
  ): Promise<[SealedLog, StoredCheckpoint] | [undefined, undefined]> {
    const log = (await this.log.sealed(db, tenantId)).find((one) => one.number === number);
    return log && log.size > 0 ? [log, { size: log.size, note: log.checkpoint }] : [undefined, undefined];
  }

  async describe(ctx: Actor): Promise<ReplyOf<typeof audit.getLog>> {
    const db = this.db.autocommit(ctx);
    const first = { tenantId: ctx.tenantId, number: 1, size: 0, published: 0 };
    const [open = first, sealed] = await Promise.all([
      this.log.open(db, ctx.tenantId),
      this.log.sealed(db, ctx.tenantId),
    ]);
    const refusal = (await this.guard.check(db, [open], { locked: false })).get(ctx.tenantId);
    const vkeys = this.signer.vkeysOf(open);
    return {
      origin: this.signer.originOf(open),
      ...{ vkey: vkeys[0]!, vkeys, size: open.published, log: open.number },
      ...(refusal && {
        refused: {
          ...{ reason: refusal.reason, keeper: refusal.keeper, size: refusal.size, keptSize: refusal.keptSize },
        },
      }),
      ...(sealed.length > 0 && { sealed: sealed.map((log) => this.sealedOf(log)) }),
    };
  }

  private sealedOf(log: SealedLog) {
    const { number, origin, size, reason, at } = log;
    return { log: number, origin, vkeys: this.signer.vkeysOf(log), size, reason, at: at.toISOString() };
  }
}
