import { Controller, Inject } from '@nestjs/common';
import { ConclaveError, audit, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
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
  ) {}

  @Handles(audit.getCheckpoint)
  async checkpoint(ctx: RequestContext): Promise<string> {
    const latest = await this.log.latest(this.db.autocommit(ctx), ctx.tenantId);
    if (!latest) throw new ConclaveError('audit.log.empty');
    return latest.note;
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
}
