import { delivery, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ListDeliveries } from '../deliveries/list-deliveries.js';
import { CreateWebhook } from './create-webhook.js';
import { DeleteWebhook } from './delete-webhook.js';
import { ListWebhooks } from './list-webhooks.js';

@Controller()
export class WebhooksController {
  constructor(
    private readonly createWebhook: CreateWebhook,
    private readonly listWebhooks: ListWebhooks,
    private readonly deleteWebhook: DeleteWebhook,
    private readonly listDeliveries: ListDeliveries,
  ) {}

  @Handles(delivery.createWebhook)
  create(ctx: RequestContext, request: RequestOf<typeof delivery.createWebhook>) {
    return this.createWebhook.run(ctx, request);
  }

  @Handles(delivery.listWebhooks)
  list(ctx: RequestContext, request: RequestOf<typeof delivery.listWebhooks>) {
    return this.listWebhooks.run(ctx, request);
  }

  @Handles(delivery.deleteWebhook)
  delete(ctx: RequestContext, request: RequestOf<typeof delivery.deleteWebhook>) {
    return this.deleteWebhook.run(ctx, request);
  }

  @Handles(delivery.listDeliveries)
  deliveries(ctx: RequestContext, request: RequestOf<typeof delivery.listDeliveries>) {
    return this.listDeliveries.run(ctx, request);
  }
}
