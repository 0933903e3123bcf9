import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@conclave/nest-kit';
import { Erases } from '@conclave/postgres-kit';
import { RedisTokens } from '../live/redis-tokens.js';
import { BLOBS } from '../uploads/blobs.js';

/** What of a tenant is not in the database: uploads and results, and what models said lately. */
@Injectable()
export class ForgetTenant {
  constructor(
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(RedisTokens) private readonly tokens: RedisTokens,
  ) {}

  @Erases()
  async forget(tenantId: string): Promise<Record<string, string>> {
    await this.blobs.forget(tenantId);
    await this.tokens.forget(tenantId);
    return {};
  }
}
