import { ConclaveError, type ReplyOf, type RequestOf, type delivery } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { webhookExists } from '../webhooks/postgres-webhooks.js';
import { pageOfDeliveries } from './postgres-deliveries.js';

/** What was sent to a webhook, and how that went. */
@Injectable()
export class ListDeliveries {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `delivery.webhook.not-found` */
  run(
    { tenantId, actor }: RequestContext,
    request: RequestOf<typeof delivery.listDeliveries>,
  ): Promise<ReplyOf<typeof delivery.listDeliveries>> {
    return this.db.tx({ tenantId, actor }, async (tx) => {
      if (!(await webhookExists(tx, tenantId, request.id)))
        throw new ConclaveError('delivery.webhook.not-found', { id: request.id });
      return pageOfDeliveries(tx, tenantId, request);
    });
  }
}
