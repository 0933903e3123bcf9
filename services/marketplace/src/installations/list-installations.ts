import type { ReplyOf, RequestOf, marketplace } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { pageOfInstallations } from './postgres-installations.js';

/** What the tenant has installed. */
@Injectable()
export class ListInstallations {
  constructor(private readonly db: Database) {}

  run(
    ctx: RequestContext,
    page: RequestOf<typeof marketplace.listInstallations>,
  ): Promise<ReplyOf<typeof marketplace.listInstallations>> {
    return this.db.tx(ctx, (tx) => pageOfInstallations(tx, ctx.tenantId, page));
  }
}
