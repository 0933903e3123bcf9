import { hkdfSync } from 'node:crypto';
import { CONFIG, SecretBox } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';

/**
 * Seals what is shown once. A repeat under the same Idempotency-Key gets the same secret again, so the stored answer
 * holds it, sealed: the table alone opens nothing.
 */
@Injectable()
export class AnswerBox extends SecretBox {
  constructor(@Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>) {
    super(new Uint8Array(hkdfSync('sha256', config.API_KEY_PEPPER, '', 'conclave/auth/stored-answers', 32)));
  }
}
