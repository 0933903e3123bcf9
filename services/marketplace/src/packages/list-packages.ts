import type { ReplyOf, RequestOf, marketplace } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { pageOfPackages } from './postgres-packages.js';

/** Searches what the caller could install. */
@Injectable()
export class ListPackages {
  constructor(private readonly db: Database) {}

  run(
    ctx: RequestContext,
    query: RequestOf<typeof marketplace.listPackages>,
  ): Promise<ReplyOf<typeof marketplace.listPackages>> {
    return pageOfPackages(this.db.autocommit(ctx), query);
  }
}
