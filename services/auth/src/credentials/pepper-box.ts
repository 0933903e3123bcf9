import { hkdfSync } from 'node:crypto';
import { SecretBox } from '@conclave/nest-kit';
import type { AuthConfig } from '../config.js';

/** Seals under a key of its own that follows from the pepper; another purpose has another one. */
export class PepperBox extends SecretBox {
  constructor({ API_KEY_PEPPER }: Pick<AuthConfig, 'API_KEY_PEPPER'>, purpose: string) {
    super(new Uint8Array(hkdfSync('sha256', API_KEY_PEPPER, '', `conclave/auth/${purpose}`, 32)));
  }
}
