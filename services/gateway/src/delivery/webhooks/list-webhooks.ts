import type { ReplyOf, RequestOf, delivery } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { pageOfWebhooks } from './postgres-webhooks.js';

/** The tenant's webhooks, without their secrets. */
@Injectable()
export class ListWebhooks {
  constructor(private readonly db: Database) {}

  run(
    ctx: RequestContext,
    page: RequestOf<typeof delivery.listWebhooks>,
  ): Promise<ReplyOf<typeof delivery.listWebhooks>> {
    return this.db.tx(ctx, (tx) => pageOfWebhooks(tx, ctx.tenantId, page));
  }
}
