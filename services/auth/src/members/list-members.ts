import type { ReplyOf, RequestOf, auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from './caller.js';
import { pageOfMembers } from './postgres-members.js';

/** Who belongs to the caller's workspace, with their roles. */
@Injectable()
export class ListMembers {
  constructor(private readonly db: Database) {}

  run(ctx: RequestContext, page: RequestOf<typeof auth.listMembers>): Promise<ReplyOf<typeof auth.listMembers>> {
    return pageOfMembers(this.db.reads(ctx), callerOf(ctx), page);
  }
}
