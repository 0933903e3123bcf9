import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { PepperBox } from '../credentials/pepper-box.js';

/** Seals what belongs to one connection, bound to it: its secret, and what a sign-in under way has to remember. */
@Injectable()
export class ConnectionSecrets {
  private readonly box: PepperBox;

  constructor(@Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>) {
    this.box = new PepperBox(config, 'connections');
  }

  seal(secret: string, tenantId: string, id: string): string {
    return this.box.seal(secret, `connection/${tenantId}/${id}`);
  }

  /** @throws Error when it was sealed for another connection or under another key */
  open(sealed: string, tenantId: string, id: string): string {
    return this.box.open(sealed, `connection/${tenantId}/${id}`);
  }
}
