import { ConclaveError, auth, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { endApiKey } from './end-api-key.js';
import { lockApiKey, type ApiKey } from './postgres-api-keys.js';

/** Ends a key and every sign-in that was opened with it. Revoking twice changes nothing. */
@Injectable()
export class RevokeApiKey {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.api-key.not-found` */
  run(ctx: RequestContext, request: RequestOf<typeof auth.revokeApiKey>): Promise<ApiKey> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.revokeApiKey, request, () => this.revoke(tx, ctx, request.id)));
  }

  private async revoke(tx: Tx, ctx: RequestContext, id: string): Promise<ApiKey> {
    const key = await lockApiKey(tx, callerOf(ctx), id);
    if (!key) throw new ConclaveError('auth.api-key.not-found', { id });
    if (key.revokedAt) return key;
    const now = new Date();
    await endApiKey(tx, ctx.tenantId, id, now);
    return { ...key, revokedAt: now.toISOString() };
  }
}
