import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ringOf } from '../testing/key-ring.js';
import { startTransit, type TransitServer } from '../testing/transit.js';
import type { KeyRing } from './key-ring.js';

describe('keys in Transit', () => {
  let transit: TransitServer;
  let dir: string;
  let ring: KeyRing;
  const kek = randomBytes(32).toString('base64');
  const dataKey = randomBytes(32);

  beforeAll(async () => {
    transit = await startTransit('conclave');
    dir = await mkdtemp(join(tmpdir(), 'transit-'));
    await writeFile(join(dir, 'token'), `${transit.token}\n`);
    ring = transitRing();
  });
  afterAll(async () => {
    await transit.stop();
    await rm(dir, { recursive: true });
  });

  const transitRing = (more: Parameters<typeof ringOf>[0] = {}) =>
    ringOf({
      ...{ SECRETS_TRANSIT_URL: transit.url, SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'token') },
      ...{ SECRETS_TRANSIT_ALLOW: '127.0.0.0/8', ...more },
    });
  const misconfigured = (reason: string) => ({ code: 'service.misconfigured', params: { service: 'transit', reason } });
  const away = { code: 'service.unavailable', params: { service: 'transit' } };

  it('wrap for one place, and never leave it', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped).toEqual({ keyId: 'transit:conclave:v1', wrapped: expect.stringMatching(/^vault:v1:/) as unknown });
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject(misconfigured('ciphertext'));
  });

  it('bear their version, so that a rotation inside Transit is one of ours, too', async () => {
    const before = await ring.wrap(dataKey, 'here');
    transit.rotate();
    expect(await ring.current()).toBe('transit:conclave:v2');
    expect(await ring.unwrap(before, 'here')).toEqual(dataKey);
  });

  it('take over from keys in the environment, which still open what they wrapped', async () => {
    const wrapped = await ringOf({ SECRETS_KEK: kek }).wrap(dataKey, 'here');
    const both = transitRing({ SECRETS_KEK: kek });
    expect(await both.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect((await both.wrap(dataKey, 'here')).keyId).toBe('transit:conclave:v2');
    const none = { code: 'service.misconfigured', params: { service: 'key-encryption', reason: 'key' } };
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(none);
  });

  it('give way to others that are told to wrap, and open still', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    const back = transitRing({ SECRETS_KEK: kek, SECRETS_WRAP_BY: 'file' });
    expect((await back.wrap(dataKey, 'here')).keyId).toMatch(/^file:/);
    expect(await back.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect(() => transitRing({ SECRETS_WRAP_BY: 'kms' })).toThrow('SECRETS_WRAP_BY names kms, which is not set up');
  });

  it('are away without a token, where the network is not allowed, and while nothing answers', async () => {
    for (const passing of [
      { SECRETS_TRANSIT_ALLOW: '' },
      { SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'none') },
      { SECRETS_TRANSIT_URL: 'http://127.0.0.1:1' },
    ])
      await expect(transitRing(passing).current()).rejects.toMatchObject(away);
    expect(() => transitRing({ SECRETS_TRANSIT_TOKEN_FILE: undefined })).toThrow('needs SECRETS_TRANSIT_TOKEN_FILE');
  });

  it('are not to be had with a token that is refused, until it is renewed', async () => {
    const { token } = transit;
    transit.token = 'renewed';
    await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured('permission'));
    await writeFile(join(dir, 'token'), 'renewed');
    expect(await ring.unwrap(await ring.wrap(dataKey, 'here'), 'here')).toEqual(dataKey);
    transit.token = token;
    await writeFile(join(dir, 'token'), token);
  });

  it.each([
    [307, '', 'address', 'address'],
    [400, '{"errors":["unsupported"]}', 'key', 'ciphertext'],
    [401, '', 'credentials', 'credentials'],
    [403, '{"errors":["permission denied"]}', 'permission', 'permission'],
    [404, '{"errors":[]}', 'address', 'address'],
    [200, '<html>sign in</html>', 'answer', 'answer'],
    [200, '{"data":{"ciphertext":"","plaintext":5}}', 'answer', 'answer'],
    [200, '{"data":null}', 'answer', 'answer'],
    [204, '', 'answer', 'answer'],
  ])('are refused for good with %i %s', async (status, body, ofWrapping, ofOpening) => {
    const wrapped = await ring.wrap(dataKey, 'here');
    transit.next.push({ status, body }, { status, body });
    await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured(ofWrapping));
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured(ofOpening));
    expect(transit.next).toEqual([]);
  });

  it.each([412, 429, 472, 500, 502, 503])('are away for now with %i', async (status) => {
    transit.next.push({ status, body: '{"errors":["sealed"]}' });
    const refused = await ring.wrap(dataKey, 'here').catch((error: unknown) => error as Error);
    expect(refused).toMatchObject(away);
    expect((refused as Error).cause).toMatchObject({ message: `Transit answered encrypt with ${status} sealed` });
  });
});
