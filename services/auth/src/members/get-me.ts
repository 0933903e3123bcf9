import { ConclaveError, type ReplyOf, type auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { openFor } from '../break-glass/postgres-break-glass.js';
import { callerOf } from './caller.js';
import { profileOf } from './postgres-members.js';

/** Who the credential belongs to and what it permits. */
@Injectable()
export class GetMe {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.unauthenticated` when the principal was disabled or removed since the exchange */
  async run(ctx: RequestContext): Promise<ReplyOf<typeof auth.getMe>> {
    const db = this.db.reads(ctx);
    const [profile, emergency] = await Promise.all([
      profileOf(db, callerOf(ctx)),
      // Only a browser's sign-in can have it.
      ctx.signIn && ctx.credentialId !== undefined ? openFor(db, ctx.tenantId, ctx.credentialId) : undefined,
    ]);
    if (!profile) throw new ConclaveError('auth.unauthenticated');
    return { ...profile, scopes: [...ctx.scopes], ...(emergency && { breakGlass: emergency }) };
  }
}
