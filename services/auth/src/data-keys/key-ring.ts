import { CONFIG, ConfigError } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { SecretsConfig } from './config.js';
import { FileKeys } from './file-keys.js';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { misconfigured } from './key-store-refusals.js';
import type { KmsCredentials } from './kms-client.js';
import { KmsKeys } from './kms-keys.js';
import { Pkcs11Keys } from './pkcs11-keys.js';
import { TransitKeys } from './transit-keys.js';

/**
 * The key-encryption keys of the installation. Where they are in several places, the one that `SECRETS_WRAP_BY` names
 * wraps, else a token, else KMS, else Transit; the others still open.
 */
@Injectable()
export class KeyRing implements KeyEncryption {
  private readonly keys: readonly [KeyEncryption, ...KeyEncryption[]];

  /** @throws ConfigError when there is none */
  constructor(@Inject(CONFIG) config: SecretsConfig) {
    const { SECRETS_WRAP_BY: wrapBy, SECRETS_KEK: kek } = config;
    const set = {
      ...{ pkcs11: tokenOf(config), kms: kmsOf(config), transit: transitOf(config) },
      file: kek && new FileKeys(kek),
    };
    const chosen = wrapBy && set[wrapBy];
    if (wrapBy && !chosen)
      throw new ConfigError(`auth cannot start; SECRETS_WRAP_BY names ${wrapBy}, which is not set up`);
    const [first, ...more] = [...new Set([chosen, ...Object.values(set)])].filter((keys) => keys !== undefined);
    if (!first) {
      const names = 'SECRETS_KEK, SECRETS_TRANSIT_URL, SECRETS_KMS_KEYS or SECRETS_PKCS11_MODULE';
      throw new ConfigError(`auth cannot start; it needs ${names}`);
    }
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
    if (!holder)
      throw misconfigured('key-encryption', 'key', new Error(`no key-encryption key ${key.keyId} is set up`));
    return holder.unwrap(key, place);
  }
}

function tokenOf(config: SecretsConfig): Pkcs11Keys | undefined {
  const { SECRETS_PKCS11_MODULE: module, SECRETS_PKCS11_TOKEN: token, SECRETS_PKCS11_PIN_FILE: pinFile } = config;
  if (!module) return undefined;
  if (!token || !pinFile)
    throw new ConfigError(
      'auth cannot start; SECRETS_PKCS11_MODULE needs SECRETS_PKCS11_TOKEN and SECRETS_PKCS11_PIN_FILE',
    );
  return new Pkcs11Keys({ module, token, pinFile, keys: config.SECRETS_PKCS11_KEYS });
}

function transitOf(config: SecretsConfig): TransitKeys | undefined {
  const { SECRETS_TRANSIT_URL: url, SECRETS_TRANSIT_KEY: key, SECRETS_TRANSIT_TOKEN_FILE: tokenFile } = config;
  if (!url) return undefined;
  if (!tokenFile) throw new ConfigError('auth cannot start; SECRETS_TRANSIT_URL needs SECRETS_TRANSIT_TOKEN_FILE');
  return new TransitKeys({ url, key, tokenFile, allowed: config.SECRETS_TRANSIT_ALLOW });
}

function kmsOf(config: SecretsConfig): KmsKeys | undefined {
  const { SECRETS_KMS_KEYS: keys, SECRETS_KMS_ENDPOINT: endpoint, AWS_ENDPOINT_URL_STS: stsEndpoint } = config;
  if (!keys) return undefined;
  const credentials = kmsCredentialsOf(config);
  return new KmsKeys({ keys, endpoint, stsEndpoint, credentials, allowed: config.SECRETS_KMS_ALLOW });
}

/** As the SDKs of AWS find them in an environment: keys before a role. */
function kmsCredentialsOf(config: SecretsConfig): KmsCredentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = config;
  const { AWS_SESSION_TOKEN: sessionToken, AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = config;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  if (roleArn && tokenFile) return { roleArn, tokenFile };
  const either = 'AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  throw new ConfigError(`auth cannot start; SECRETS_KMS_KEYS needs ${either}`);
}
