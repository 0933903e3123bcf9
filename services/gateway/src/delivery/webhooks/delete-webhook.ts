import { ConclaveError, delivery, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { removeWebhook, type Webhook } from './postgres-webhooks.js';

/** Removes a webhook; what was still on its way to it is not sent. */
@Injectable()
export class DeleteWebhook {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `delivery.webhook.not-found` */
  run(ctx: RequestContext, request: RequestOf<typeof delivery.deleteWebhook>): Promise<Webhook> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, delivery.deleteWebhook, request, () => this.remove(tx, ctx.tenantId, request.id)),
    );
  }

  private async remove(tx: Tx, tenantId: string, id: string): Promise<Webhook> {
    const removed = await removeWebhook(tx, tenantId, id);
    if (!removed) throw new ConclaveError('delivery.webhook.not-found', { id });
    await tx.emit(events.webhookDeleted, { webhook: id });
    return removed;
  }
}
