import { base64, hex } from '@conclave/audit-core';
import { Controller, Inject } from '@nestjs/common';
import { ConclaveError, audit, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database, pageBy } from '@conclave/postgres-kit';
import { Cosignatures } from '../witness/cosignatures.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { PostgresLog } from './postgres-log.js';
import { ReadProofs } from './read-proofs.js';

@Controller()
export class LogController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(Cosignatures) private readonly cosignatures: Cosignatures,
  ) {}

  @Handles(audit.getCheckpoint)
  async checkpoint(ctx: RequestContext): Promise<string> {
    const db = this.db.autocommit(ctx);
    const latest = await this.log.latest(db, ctx.tenantId);
    if (!latest) throw new ConclaveError('audit.log.empty');
    return (await this.cosignatures.of(db, ctx.tenantId, latest.size, latest.note)).note;
  }

  @Handles(audit.getLog)
  async identity(ctx: RequestContext) {
    const latest = await this.log.latest(this.db.autocommit(ctx), ctx.tenantId);
    return {
      origin: this.signer.originOf(ctx.tenantId),
      vkey: this.signer.vkeyOf(ctx.tenantId),
      size: latest?.size ?? 0,
    };
  }

  @Handles(audit.getInclusionProof)
  inclusion(ctx: RequestContext, { index, size }: RequestOf<typeof audit.getInclusionProof>) {
    return this.proofs.inclusion(ctx, index, size);
  }

  @Handles(audit.getConsistencyProof)
  consistency(ctx: RequestContext, { from, to }: RequestOf<typeof audit.getConsistencyProof>) {
    return this.proofs.consistency(ctx, from, to);
  }

  @Handles(audit.listAuditEntries)
  async entries(ctx: RequestContext, { limit, after, type }: RequestOf<typeof audit.listAuditEntries>) {
    const before = after === undefined ? undefined : Number(after);
    if (before !== undefined && !Number.isSafeInteger(before))
      throw new ConclaveError('request.invalid', {
        issues: [{ path: 'after', message: 'expected the `next` of a page' }],
      });
    const entries = await this.log.list(ctx, { limit: limit + 1, before, type });
    const items = entries.map((e) => ({
      index: e.index,
      leafHash: hex(e.leafHash),
      at: e.at.toISOString(),
      type: e.type,
      actor: e.actor,
      body: base64(e.body),
    }));
    return pageBy(items, limit, ({ index }) => String(index));
  }
}
