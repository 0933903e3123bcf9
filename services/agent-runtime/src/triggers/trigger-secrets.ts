import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, SecretBox } from '@conclave/nest-kit';
import type { RuntimeConfig } from '../config.js';

/** Seals the secrets of triggers for the database, each bound to its trigger. */
@Injectable()
export class TriggerSecrets {
  private readonly box: SecretBox;

  constructor(@Inject(CONFIG) config: Pick<RuntimeConfig, 'SIGNER_KEK'>) {
    this.box = new SecretBox(config.SIGNER_KEK);
  }

  seal(secret: string, tenantId: string, trigger: string): string {
    return this.box.seal(secret, placeOf(tenantId, trigger));
  }

  /** @throws Error when it was sealed for another trigger or under another key */
  open(sealed: string, tenantId: string, trigger: string): string {
    return this.box.open(sealed, placeOf(tenantId, trigger));
  }
}

const placeOf = (tenantId: string, trigger: string): string => `trigger/${tenantId}/${trigger}`;
