import { Controller, Inject } from '@nestjs/common';
import { audit, type RequestOf } from '@conclave/contracts';
import { Handles, type HttpExchange, type RequestContext } from '@conclave/nest-kit';
import { ListTimestamps } from '../timestamps/list-timestamps.js';
import { DescribeLog } from './describe-log.js';
import { TILE_TYPE } from './log-store.js';
import { ReadProofs } from './read-proofs.js';
import { SealLog } from './seal-log.js';

/** A tile never changes; whoever may see it is one caller. */
const FOR_EVER = 'private, max-age=31536000, immutable';

@Controller()
export class LogController {
  constructor(
    @Inject(DescribeLog) private readonly log: DescribeLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
    @Inject(ListTimestamps) private readonly stamps: ListTimestamps,
    @Inject(SealLog) private readonly sealing: SealLog,
  ) {}

  @Handles(audit.getCheckpoint)
  checkpoint(ctx: RequestContext): Promise<string> {
    return this.log.checkpoint(ctx);
  }

  @Handles(audit.getCheckpointOf)
  checkpointOf(ctx: RequestContext, { log }: RequestOf<typeof audit.getCheckpointOf>): Promise<string> {
    return this.log.checkpoint(ctx, log);
  }

  @Handles(audit.getLog)
  identity(ctx: RequestContext) {
    return this.log.describe(ctx);
  }

  @Handles(audit.getTile)
  tile(ctx: RequestContext, { tile }: RequestOf<typeof audit.getTile>, http: HttpExchange) {
    return this.send(http, this.proofs.tile(ctx, `tile/${tile}`));
  }

  @Handles(audit.getTileOf)
  tileOf(ctx: RequestContext, { tile, log }: RequestOf<typeof audit.getTileOf>, http: HttpExchange) {
    return this.send(http, this.proofs.tile(ctx, `tile/${tile}`, log));
  }

  @Handles(audit.getInclusionProof)
  inclusion(ctx: RequestContext, { index, size }: RequestOf<typeof audit.getInclusionProof>) {
    return this.proofs.inclusion(ctx, index, size);
  }

  @Handles(audit.getConsistencyProof)
  consistency(ctx: RequestContext, { from, to }: RequestOf<typeof audit.getConsistencyProof>) {
    return this.proofs.consistency(ctx, from, to);
  }

  @Handles(audit.listTimestamps)
  timestamps(ctx: RequestContext, request: RequestOf<typeof audit.listTimestamps>) {
    return this.stamps.run(ctx, request);
  }

  @Handles(audit.sealLog)
  seal(ctx: RequestContext, request: RequestOf<typeof audit.sealLog>) {
    return this.sealing.seal(ctx, request);
  }

  private async send({ reply }: HttpExchange, bytes: Promise<Uint8Array>): Promise<void> {
    const tile = Buffer.from(await bytes);
    await reply.type(TILE_TYPE).header('cache-control', FOR_EVER).send(tile);
  }
}
