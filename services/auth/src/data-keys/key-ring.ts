import { ConclaveError } from '@conclave/contracts';
import { CONFIG, ConfigError } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { FileKeys } from './file-keys.js';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { Pkcs11Keys } from './pkcs11-keys.js';
import { TransitKeys } from './transit-keys.js';

export type KeyRingConfig = Pick<
  AuthConfig,
  | 'SECRETS_KEK'
  | `SECRETS_TRANSIT_${'URL' | 'KEY' | 'TOKEN_FILE' | 'ALLOW'}`
  | `SECRETS_PKCS11_${'MODULE' | 'TOKEN' | 'KEYS' | 'PIN_FILE'}`
>;

/** The key-encryption keys of the installation: the token's wraps where there is one, else Transit's; the others still open. */
@Injectable()
export class KeyRing implements KeyEncryption {
  private readonly keys: readonly [KeyEncryption, ...KeyEncryption[]];

  /** @throws ConfigError when there is none */
  constructor(@Inject(CONFIG) config: KeyRingConfig) {
    const inFile = config.SECRETS_KEK ? [new FileKeys(config.SECRETS_KEK)] : [];
    const [first, ...more] = [...tokenOf(config), ...transitOf(config), ...inFile];
    if (!first)
      throw new ConfigError('auth cannot start; it needs SECRETS_KEK, SECRETS_TRANSIT_URL or SECRETS_PKCS11_MODULE');
    this.keys = [first, ...more];
  }

  current(): Promise<string> {
    return this.keys[0].current();
  }

  holds(keyId: string): boolean {
    return this.keys.some((keys) => keys.holds(keyId));
  }

  wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey> {
    return this.keys[0].wrap(dataKey, place);
  }

  async unwrap(key: WrappedKey, place: string): Promise<Buffer> {
    const holder = this.keys.find((keys) => keys.holds(key.keyId));
    if (!holder) throw new ConclaveError('service.unavailable', { service: 'key-encryption', keyId: key.keyId });
    return holder.unwrap(key, place);
  }
}

function tokenOf(config: KeyRingConfig): Pkcs11Keys[] {
  const { SECRETS_PKCS11_MODULE: module, SECRETS_PKCS11_TOKEN: token, SECRETS_PKCS11_PIN_FILE: pinFile } = config;
  if (!module) return [];
  if (!token || !pinFile)
    throw new ConfigError(
      'auth cannot start; SECRETS_PKCS11_MODULE needs SECRETS_PKCS11_TOKEN and SECRETS_PKCS11_PIN_FILE',
    );
  return [new Pkcs11Keys({ module, token, pinFile, keys: config.SECRETS_PKCS11_KEYS })];
}

function transitOf(config: KeyRingConfig): TransitKeys[] {
  const { SECRETS_TRANSIT_URL: url, SECRETS_TRANSIT_KEY: key, SECRETS_TRANSIT_TOKEN_FILE: tokenFile } = config;
  if (!url) return [];
  if (!tokenFile) throw new ConfigError('auth cannot start; SECRETS_TRANSIT_URL needs SECRETS_TRANSIT_TOKEN_FILE');
  return [new TransitKeys({ url, key, tokenFile, allowed: config.SECRETS_TRANSIT_ALLOW })];
}
