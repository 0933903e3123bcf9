/** What an installation makes up for itself, once: passwords, keys, seeds. One file only its owner can read. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Secrets {
  /** The secret of that name; made on first use and kept, so that a newer version only adds to the file. */
  of(name: string, make: () => string): string;
}

export function openSecrets(file: string): Secrets {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  return {
    of(name, make) {
      const known = kept[name];
      if (known !== undefined) return known;
      const made = (kept[name] = make());
      mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
      writeFileSync(`${file}.new`, JSON.stringify(kept, null, 2), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      return made;
    },
  };
}

/** 144 random bits in letters that need no quoting anywhere. */
export const password = () => randomBytes(18).toString('base64url');

/** 256 random bits, base64. */
export const key256 = () => randomBytes(32).toString('base64');

/** An Ed25519 key, base64 of PKCS #8 DER. */
export const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');

/** The public half of `signingKey`, base64 of SPKI DER. */
export function publicKeyOf(pkcs8: string): string {
  const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), type: 'pkcs8', format: 'der' });
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}
