/** A real OpenBao, in its development mode: `OPENBAO` names the program. It keeps its keys in memory and ends with the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@conclave/dev-env/testing';
import { freePort } from '@conclave/nest-kit/testing';
import { ringOf } from '../testing/key-ring.js';
import type { KeyRing } from './key-ring.js';

/** What docs/secrets.md tells an operator to allow. */
const POLICY = `path "transit/encrypt/conclave" { capabilities = ["update"] }
path "transit/decrypt/conclave" { capabilities = ["update"] }`;

describe('keys in OpenBao', () => {
  const dir = mkdtempSync(join(tmpdir(), 'openbao-'));
  const root = randomBytes(12).toString('hex');
  let url: string;
  let server: ChildProcess;
  let said = '';
  let ring: KeyRing;

  async function bao(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { 'x-vault-token': root, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  }
  const tokenWith = async (policy: string): Promise<string> => {
    const { auth } = await bao('POST', 'auth/token/create', { policies: [policy], ttl: '1h' });
    return (auth as { client_token: string }).client_token;
  };
  const useToken = (token: string) => writeFileSync(join(dir, 'token'), `${token}\n`);

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const args = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${root}`];
    server = spawn(process.env['OPENBAO']!, [...args, `-dev-listen-address=127.0.0.1:${port}`], { env: { HOME: dir } });
    for (const stream of [server.stdout, server.stderr])
      stream!.on('data', (text: Buffer) => (said += text.toString()));
    await eventually(async () => expect((await fetch(`${url}/v1/sys/health`)).status).toBe(200));
    await bao('POST', 'sys/mounts/transit', { type: 'transit' });
    await bao('POST', 'transit/keys/conclave', { type: 'aes256-gcm96' });
    await bao('PUT', 'sys/policies/acl/conclave', { policy: POLICY });
    await bao('PUT', 'sys/policies/acl/stranger', {
      policy: 'path "transit/encrypt/other" { capabilities = ["update"] }',
    });
    useToken(await tokenWith('conclave'));
    ring = ringOf({
      ...{ SECRETS_TRANSIT_URL: `${url}/v1/transit`, SECRETS_TRANSIT_ALLOW: '127.0.0.0/8' },
      SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'token'),
    });
  }, 60_000);
  afterAll(() => {
    server.kill();
    rmSync(dir, { recursive: true });
  });

  const dataKey = randomBytes(32);
  const away = { code: 'service.unavailable', params: { service: 'transit' } };
  const misconfigured = (reason: string) => ({ code: 'service.misconfigured', params: { service: 'transit', reason } });

  it('wrap for one place, with a token that may do nothing else', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped.keyId).toBe('transit:conclave:v1');
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject(misconfigured('ciphertext'));
    const flipped = { ...wrapped, wrapped: wrapped.wrapped.replace(/.(?==*$)/, (last) => (last === 'A' ? 'B' : 'A')) };
    await expect(ring.unwrap(flipped, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
  });

  it('are rotated there, and what is wrapped anew lets go of the version before', async () => {
    const old = await ring.wrap(dataKey, 'here');
    await bao('POST', 'transit/keys/conclave/rotate');
    expect(await ring.current()).toBe('transit:conclave:v2');
    const anew = await ring.wrap(await ring.unwrap(old, 'here'), 'here');
    await bao('POST', 'transit/keys/conclave/config', { min_decryption_version: 2 });
    await expect(ring.unwrap(old, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
    expect(await ring.unwrap(anew, 'here')).toEqual(dataKey);
  });

  it('are refused to a token that may not, or is revoked, away while it is sealed, and come back', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    const good = await tokenWith('conclave');
    useToken(await tokenWith('stranger'));
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('permission'));
    useToken(good);
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await bao('POST', 'auth/token/revoke', { token: good });
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('permission'));
    useToken(await tokenWith('conclave'));
    await bao('PUT', 'sys/seal');
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(away);
    const key = /Unseal Key: (\S+)/.exec(said)![1];
    await bao('PUT', 'sys/unseal', { key });
    await eventually(async () => expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey));
  });

  it('are gone for good when the key is destroyed', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    await bao('POST', 'transit/keys/conclave/config', { deletion_allowed: true });
    await bao('DELETE', 'transit/keys/conclave');
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
    await bao('POST', 'transit/keys/conclave', { type: 'aes256-gcm96' });
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
  });
});
