import { randomBytes } from 'node:crypto';
import { newId } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { formatApiKey } from './api-key-format.js';

export interface MintedApiKey {
  readonly id: string;
  /** Shown once and kept nowhere. */
  readonly key: string;
  readonly digest: Buffer;
}

/** Makes new API keys. */
@Injectable()
export class ApiKeyMint {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'API_KEY_ENV'>,
    private readonly digest: CredentialDigest,
  ) {}

  mint(): MintedApiKey {
    const id = newId('apiKey');
    const key = formatApiKey(this.config.API_KEY_ENV, id, randomBytes(32));
    return { id, key, digest: this.digest.of('api-key', key) };
  }
}
