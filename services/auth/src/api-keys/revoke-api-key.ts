import { ConclaveError, auth, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { distrust } from '../credentials/distrust.js';
import { callerOf } from '../members/caller.js';
import { endApiKey } from './end-api-key.js';
import { lockApiKey, type ApiKey } from './postgres-api-keys.js';

type Request = RequestOf<typeof auth.revokeApiKey>;

/**
 * Ends a key and every sign-in that was opened with it, and if it is asked for the runs that were started so. Revoking
 * twice changes nothing, but what a key had started can be stopped later, too.
 */
@Injectable()
export class RevokeApiKey {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.api-key.not-found` | `auth.forbidden` */
  run(ctx: RequestContext, request: Request): Promise<ApiKey> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.revokeApiKey, request, () => this.revoke(tx, ctx, request)));
  }

  private async revoke(tx: Tx, ctx: RequestContext, { id, runs }: Request): Promise<ApiKey> {
    const key = await lockApiKey(tx, callerOf(ctx), id);
    if (!key) throw new ConclaveError('auth.api-key.not-found', { id });
    if (runs === 'cancel') await distrust(tx, ctx, id);
    if (key.revokedAt) return key;
    const now = new Date();
    await endApiKey(tx, ctx.tenantId, id, now);
    return { ...key, revokedAt: now.toISOString() };
  }
}
