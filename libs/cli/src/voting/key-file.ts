/** A voter's key on this machine: a file that only its owner may read, and that never leaves it. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { newId } from '@conclave/contracts';
import { usage } from '../fault.js';

export interface LocalVoter {
  readonly voterId: string;
  /** Raw, base64. */
  readonly publicKey: string;
  readonly sign: (bytes: Uint8Array) => { readonly algorithm: 'ed25519'; readonly value: string };
  /**
   * A salt that nobody without the key can guess, and that is the same when the same thing is said again: what was
   * committed to can be revealed from the key alone.
   */
  saltFor(purpose: string): string;
}

/** Makes a key and stores it. @throws Error `EEXIST` when the file is there: keys are never overwritten */
export function createKeyFile(path: string): LocalVoter {
  const { privateKey } = generateKeyPairSync('ed25519');
  const voterId = newId('voter');
  const stored = { voterId, privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') };
  writeFileSync(path, `${JSON.stringify(stored)}\n`, { mode: 0o600, flag: 'wx' });
  return voterOf(voterId, privateKey);
}

/** @throws Fault `cli.usage` when the file is not there or holds no key */
export function readKeyFile(path: string): LocalVoter {
  try {
    const { voterId, privateKey } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const der = Buffer.from(String(privateKey), 'base64');
    return voterOf(String(voterId), createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  } catch {
    throw usage(`${path} holds no voter key`, 'Make one: conclave decide enrol --key FILE');
  }
}

function voterOf(voterId: string, key: KeyObject): LocalVoter {
  const signatureOf = (bytes: Uint8Array) => sign(null, bytes, key);
  return {
    voterId,
    publicKey: Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url').toString('base64'),
    sign: (bytes) => ({ algorithm: 'ed25519', value: signatureOf(bytes).toString('base64') }),
    saltFor: (purpose) =>
      createHash('sha256')
        .update(signatureOf(Buffer.from(`conclave/salt/v1\n${purpose}`)))
        .digest('base64'),
  };
}
