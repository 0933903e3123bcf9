import { ConclaveError, type ReplyOf, type auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from './caller.js';
import { profileOf } from './postgres-members.js';

/** Who the credential belongs to and what it permits. */
@Injectable()
export class GetMe {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.unauthenticated` when the principal was disabled or removed since the exchange */
  async run(ctx: RequestContext): Promise<ReplyOf<typeof auth.getMe>> {
    const profile = await profileOf(this.db.autocommit(ctx), callerOf(ctx));
    if (!profile) throw new ConclaveError('auth.unauthenticated');
    return { ...profile, scopes: [...ctx.scopes] };
  }
}
