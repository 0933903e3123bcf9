import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { PepperBox } from './pepper-box.js';

/**
 * Seals what is shown once. A repeat under the same Idempotency-Key gets the same secret again, so the stored answer
 * holds it, sealed: the table alone opens nothing.
 */
@Injectable()
export class AnswerBox extends PepperBox {
  constructor(@Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>) {
    super(config, 'stored-answers');
  }
}
