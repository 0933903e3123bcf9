import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Module } from '@nestjs/common';
import type { DeliveryConfig } from './config.js';
import { AttemptDelivery } from './deliveries/attempt-delivery.js';
import { DeliveryEntity } from './deliveries/delivery.entity.js';
import { EnqueueDeliveries } from './deliveries/enqueue-deliveries.js';
import { ListDeliveries } from './deliveries/list-deliveries.js';
import { Sender } from './deliveries/sender.js';
import { ForgetSubject } from './erasure/forget-subject.js';
import { HoldTenants } from './tenants/hold-tenants.js';
import { CreateWebhook } from './webhooks/create-webhook.js';
import { DeleteWebhook } from './webhooks/delete-webhook.js';
import { ListWebhooks } from './webhooks/list-webhooks.js';
import { WebhookSecrets } from './webhooks/webhook-secrets.js';
import { WebhookEntity } from './webhooks/webhook.entity.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';

/** Every table this service keeps through TypeORM. */
export const entities = [WebhookEntity, DeliveryEntity];

@Module({
  controllers: [WebhooksController],
  providers: [
    {
      provide: Egress,
      inject: [CONFIG],
      useFactory: (config: DeliveryConfig) => new Egress(config.EGRESS_ALLOW),
    },
    AttemptDelivery,
    CreateWebhook,
    DeleteWebhook,
    EnqueueDeliveries,
    ForgetSubject,
    HoldTenants,
    ListDeliveries,
    ListWebhooks,
    Sender,
    WebhookSecrets,
  ],
})
export class DeliveryModule {}
