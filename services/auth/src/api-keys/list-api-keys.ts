import type { ReplyOf, RequestOf, auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { pageOfApiKeys } from './postgres-api-keys.js';

/** The keys of the caller's workspace, revoked ones included: they explain what happened. */
@Injectable()
export class ListApiKeys {
  constructor(private readonly db: Database) {}

  run(ctx: RequestContext, page: RequestOf<typeof auth.listApiKeys>): Promise<ReplyOf<typeof auth.listApiKeys>> {
    return this.db.tx(ctx, (tx) => pageOfApiKeys(tx, callerOf(ctx), page));
  }
}
