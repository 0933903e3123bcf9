import type { ReplyOf, RequestOf, secrets } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { pageOfSecrets } from './postgres-secrets.js';

/** The secrets of the caller's workspace: names and times. */
@Injectable()
export class ListSecrets {
  constructor(private readonly db: Database) {}

  run(ctx: RequestContext, page: RequestOf<typeof secrets.listSecrets>): Promise<ReplyOf<typeof secrets.listSecrets>> {
    return pageOfSecrets(this.db.autocommit(ctx), callerOf(ctx), page);
  }
}
