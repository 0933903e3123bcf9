import type { ReplyOf, RequestOf, auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { pageOfWorkspaces } from './postgres-workspaces.js';

/** The workspaces the caller belongs to. */
@Injectable()
export class ListWorkspaces {
  constructor(private readonly db: Database) {}

  run(ctx: RequestContext, page: RequestOf<typeof auth.listWorkspaces>): Promise<ReplyOf<typeof auth.listWorkspaces>> {
    return this.db.tx(ctx, (tx) => pageOfWorkspaces(tx, callerOf(ctx), page));
  }
}
