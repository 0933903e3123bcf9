import { CONFIG, SecretBox } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { DeliveryConfig } from '../config.js';

/** Seals signing secrets for the database, each bound to its webhook. */
@Injectable()
export class WebhookSecrets {
  private readonly box: SecretBox;

  constructor(@Inject(CONFIG) config: Pick<DeliveryConfig, 'DELIVERY_KEK'>) {
    this.box = new SecretBox(config.DELIVERY_KEK);
  }

  seal(secret: string, tenantId: string, webhookId: string): string {
    return this.box.seal(secret, placeOf(tenantId, webhookId));
  }

  /** @throws Error when it was sealed for another webhook or under another key */
  open(sealed: string, tenantId: string, webhookId: string): string {
    return this.box.open(sealed, placeOf(tenantId, webhookId));
  }
}

const placeOf = (tenantId: string, webhookId: string): string => `webhook/${tenantId}/${webhookId}`;
