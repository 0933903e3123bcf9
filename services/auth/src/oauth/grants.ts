import { ConclaveError, oauth, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { endGrants } from './end-grants.js';
import { ownGrant, pageOfGrants, type Grant } from './postgres-grants.js';

/** The programs that act for the caller. */
@Injectable()
export class Grants {
  constructor(private readonly db: Database) {}

  list(ctx: RequestContext, page: RequestOf<typeof oauth.listGrants>): Promise<ReplyOf<typeof oauth.listGrants>> {
    return pageOfGrants(this.db.autocommit(ctx), callerOf(ctx), page);
  }

  /** @throws ConclaveError `auth.grant.not-found` */
  revoke(ctx: RequestContext, request: RequestOf<typeof oauth.revokeGrant>): Promise<Grant> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, oauth.revokeGrant, request, async () => {
        const grant = await ownGrant(tx, callerOf(ctx), request.id);
        if (!grant) throw new ConclaveError('auth.grant.not-found', { id: request.id });
        await endGrants(tx, ctx.tenantId, { id: request.id }, 'person');
        return grant;
      }),
    );
  }
}
