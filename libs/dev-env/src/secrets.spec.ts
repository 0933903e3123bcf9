import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSecrets, password, publicKeyOf, signingKey } from './secrets.js';

describe('secrets', () => {
  let file: string;
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'secrets-'));
    file = join(dir, 'deep', 'secrets.json');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('are made once, kept for the next start, and readable by their owner alone', () => {
    const made = openSecrets(file).of('a', password);
    const later = openSecrets(file);
    expect(later.of('a', password)).toBe(made);
    expect(later.of('b', password)).not.toBe(made);
    expect(openSecrets(file).of('a', password)).toBe(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('come as keys whose public half verifies what the private half signed', () => {
    const pkcs8 = signingKey();
    const secret = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), type: 'pkcs8', format: 'der' });
    const open = createPublicKey({ key: Buffer.from(publicKeyOf(pkcs8), 'base64'), type: 'spki', format: 'der' });
    expect(verify(null, Buffer.from('m'), open, sign(null, Buffer.from('m'), secret))).toBe(true);
  });
});
