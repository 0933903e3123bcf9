import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secretKey } from '@conclave/nest-kit';
import { startTransit, type TransitServer } from '../testing/transit.js';
import { KeyRing } from './key-ring.js';

describe('keys in Transit', () => {
  let transit: TransitServer;
  let dir: string;
  let ring: KeyRing;
  const kek = secretKey.parse(randomBytes(32).toString('base64'));
  const dataKey = randomBytes(32);

  beforeAll(async () => {
    transit = await startTransit('conclave');
    dir = await mkdtemp(join(tmpdir(), 'transit-'));
    await writeFile(join(dir, 'token'), `${transit.token}\n`);
    ring = ringOf();
  });
  afterAll(async () => {
    await transit.stop();
    await rm(dir, { recursive: true });
  });

  const ringOf = (more: Partial<ConstructorParameters<typeof KeyRing>[0]> = {}) =>
    new KeyRing({
      ...{ SECRETS_KEK: undefined, SECRETS_TRANSIT_URL: transit.url, SECRETS_TRANSIT_KEY: 'conclave' },
      ...{ SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'token'), SECRETS_TRANSIT_ALLOW: ['127.0.0.0/8'] },
      ...{ SECRETS_PKCS11_MODULE: undefined, SECRETS_PKCS11_TOKEN: undefined, SECRETS_PKCS11_KEYS: ['conclave'] },
      ...{ SECRETS_PKCS11_PIN_FILE: undefined, ...more },
    });

  it('wrap for one place, and never leave it', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped).toEqual({ keyId: 'transit:conclave:v1', wrapped: expect.stringMatching(/^vault:v1:/) as unknown });
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('bear their version, so that a rotation inside Transit is one of ours, too', async () => {
    const before = await ring.wrap(dataKey, 'here');
    transit.rotate();
    expect(await ring.current()).toBe('transit:conclave:v2');
    expect(await ring.unwrap(before, 'here')).toEqual(dataKey);
  });

  it('take over from keys in the environment, which still open what they wrapped', async () => {
    const wrapped = await ringOf({ SECRETS_KEK: [kek], SECRETS_TRANSIT_URL: undefined }).wrap(dataKey, 'here');
    const both = ringOf({ SECRETS_KEK: [kek] });
    expect(await both.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect((await both.wrap(dataKey, 'here')).keyId).toBe('transit:conclave:v2');
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('are away when the token is refused, no token is there, or the network is not allowed', async () => {
    const away = { code: 'service.unavailable', params: { service: 'transit' } };
    await expect(ringOf({ SECRETS_TRANSIT_ALLOW: [] }).wrap(dataKey, 'here')).rejects.toMatchObject(away);
    await expect(ringOf({ SECRETS_TRANSIT_TOKEN_FILE: join(dir, 'none') }).current()).rejects.toMatchObject(away);
    await expect(ringOf({ SECRETS_TRANSIT_KEY: 'other' }).wrap(dataKey, 'here')).rejects.toMatchObject(away);
    const { token } = transit;
    transit.token = 'renewed';
    await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(away);
    await writeFile(join(dir, 'token'), 'renewed');
    expect(await ring.unwrap(await ring.wrap(dataKey, 'here'), 'here')).toEqual(dataKey);
    transit.token = token;
    expect(() => ringOf({ SECRETS_TRANSIT_TOKEN_FILE: undefined })).toThrow('needs SECRETS_TRANSIT_TOKEN_FILE');
  });
});
