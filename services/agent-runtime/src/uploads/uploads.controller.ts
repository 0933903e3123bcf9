import { Controller, Inject } from '@nestjs/common';
import { ConclaveError, runtime } from '@conclave/contracts';
import { BlobError, CONFIG, Handles, type BlobStore, type HttpExchange, type RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import type { RuntimeConfig } from '../config.js';
import { BLOBS } from './blobs.js';

@Controller()
export class UploadsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: RuntimeConfig,
  ) {}

  /** The blob is durable before the row that names it exists. */
  @Handles(runtime.createUpload)
  async create(ctx: RequestContext, _request: object, { request, reply }: HttpExchange): Promise<void> {
    const limitBytes = this.config.UPLOAD_LIMIT_BYTES;
    const blob = await this.blobs.put(ctx.tenantId, request.raw, { limitBytes }).catch((error: unknown) => {
      if (error instanceof BlobError && error.fault === 'too-large')
        throw new ConclaveError('runtime.upload.too-large', { limitBytes });
      throw error;
    });
    await this.db
      .autocommit(ctx)
      .query(
        'insert into upload (tenant_id, sha256, size_bytes, actor) values ($1, $2, $3, $4) on conflict do nothing',
        [ctx.tenantId, blob.sha256, blob.sizeBytes, ctx.actor],
      );
    await reply.status(201).send(blob);
  }
}
