import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ringOf } from '../testing/key-ring.js';
import { kmsRefusal, startKms, type KmsServer } from '../testing/kms.js';
import type { KeyRing } from './key-ring.js';

const ROLE = 'arn:aws:iam::111122223333:role/conclave-auth';

describe('keys in KMS', () => {
  let kms: KmsServer;
  let dir: string;
  let arn: string;
  let ring: KeyRing;
  const dataKey = randomBytes(32);

  beforeAll(async () => {
    kms = await startKms();
    dir = await mkdtemp(join(tmpdir(), 'kms-'));
    await writeFile(join(dir, 'token'), kms.webIdentity);
    arn = kms.makeKey();
    ring = kmsRing();
  });
  afterEach(() => {
    kms.denied.clear();
    kms.next.length = 0;
    kms.setState(arn, 'Enabled');
  });
  afterAll(async () => {
    await kms.stop();
    await rm(dir, { recursive: true });
  });

  const kmsRing = (more: Parameters<typeof ringOf>[0] = {}) =>
    ringOf({
      ...{ SECRETS_KMS_KEYS: arn, SECRETS_KMS_ENDPOINT: kms.url, SECRETS_KMS_ALLOW: '127.0.0.0/8' },
      ...{ AWS_ACCESS_KEY_ID: kms.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: kms.credentials.secretAccessKey },
      ...more,
    });
  const roleRing = (file = 'token') =>
    kmsRing({
      ...{ AWS_ACCESS_KEY_ID: undefined, AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: join(dir, file) },
      AWS_ENDPOINT_URL_STS: kms.url,
    });
  const misconfigured = (reason: string) => ({ code: 'service.misconfigured', params: { service: 'kms', reason } });
  const away = { code: 'service.unavailable', params: { service: 'kms' } };

  it('wrap for one place, which KMS is told as the context, and open nothing that was changed', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped.keyId).toBe(`kms:${arn}`);
    expect(await ring.current()).toBe(wrapped.keyId);
    expect(kms.seen.at(-1)).toBe(`Encrypt ${arn} {"place":"here"}`);
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect(kms.seen.at(-1)).toBe(`Decrypt ${arn} {"place":"here"}`);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject(misconfigured('ciphertext'));
    const changed = Buffer.from(wrapped.wrapped, 'base64');
    changed[50]! ^= 1;
    const altered = { ...wrapped, wrapped: changed.toString('base64') };
    await expect(ring.unwrap(altered, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
  });

  it('are replaced by another one, under which nothing opens that it did not wrap', async () => {
    const next = kms.makeKey();
    const before = await ring.wrap(dataKey, 'here');
    const both = kmsRing({ SECRETS_KMS_KEYS: `${next}, ${arn}` });
    const after = await both.wrap(await both.unwrap(before, 'here'), 'here');
    expect(after.keyId).toBe(`kms:${next}`);
    const alone = kmsRing({ SECRETS_KMS_KEYS: next });
    expect(await alone.unwrap(after, 'here')).toEqual(dataKey);
    const none = { code: 'service.misconfigured', params: { service: 'key-encryption', reason: 'key' } };
    await expect(alone.unwrap(before, 'here')).rejects.toMatchObject(none);
    const renamed = { ...before, keyId: after.keyId };
    await expect(alone.unwrap(renamed, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
  });

  it('are used by a role that a web identity is good for, taken on once', async () => {
    const withRole = roleRing();
    const wrapped = await withRole.wrap(dataKey, 'here');
    expect(await withRole.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect(kms.roles).toEqual([ROLE]);
    await writeFile(join(dir, 'stale'), 'of yesterday');
    await expect(roleRing('stale').wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured('credentials'));
    await expect(roleRing('none').wrap(dataKey, 'here')).rejects.toMatchObject(away);
  });

  it.each([
    ['AccessDeniedException', 'permission'],
    ['NotFoundException', 'key'],
    ['DisabledException', 'key'],
    ['KMSInvalidStateException', 'key'],
    ['InvalidKeyUsageException', 'key'],
    ['ExpiredTokenException', 'credentials'],
    ['UnknownOperationException', 'address'],
  ])(
    'are refused by KMS with %s, and an operator is told to correct the %s: it is asked once',
    async (name, reason) => {
      const asked = kms.seen.length;
      kms.next.push(kmsRefusal(name));
      await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured(reason));
      expect(kms.seen).toHaveLength(asked + 1);
    },
  );

  it('that are disabled, doomed, unknown or not permitted are said to be so by the server itself', async () => {
    const wrapped = await ring.wrap(dataKey, 'here');
    for (const state of ['Disabled', 'PendingDeletion'] as const) {
      kms.setState(arn, state);
      await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('key'));
    }
    kms.setState(arn, 'Enabled');
    kms.denied.add('Decrypt');
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('permission'));
    expect((await ring.wrap(dataKey, 'here')).keyId).toBe(wrapped.keyId);
    const gone = kmsRing({ SECRETS_KMS_KEYS: arn.replace(/.$/, 'x') });
    await expect(gone.wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured('key'));
    for (const wrong of [{ AWS_ACCESS_KEY_ID: 'AKIANOBODY' }, { AWS_SECRET_ACCESS_KEY: 'hunter2' }]) {
      const told = await kmsRing(wrong)
        .wrap(dataKey, 'here')
        .catch((error: unknown) => error as Error);
      expect(told).toMatchObject(misconfigured('credentials'));
      expect(String((told as Error).cause)).not.toContain('hunter2');
    }
  });

  it('are asked again when KMS is busy or failed, and away when that does not end', async () => {
    for (const [name, status] of [
      ['ThrottlingException', 400],
      ['KMSInternalException', 500],
    ] as const) {
      kms.next.push(kmsRefusal(name, status));
      expect((await ring.wrap(dataKey, 'here')).keyId).toBe(`kms:${arn}`);
      kms.next.push(...Array.from({ length: 3 }, () => kmsRefusal(name, status)));
      await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(away);
      expect(kms.next).toEqual([]);
    }
    await expect(kmsRing({ SECRETS_KMS_ALLOW: '' }).wrap(dataKey, 'here')).rejects.toMatchObject(away);
    await expect(kmsRing({ SECRETS_KMS_ENDPOINT: 'http://127.0.0.1:1' }).wrap(dataKey, 'here')).rejects.toMatchObject(
      away,
    );
  });

  it.each([
    ['a page', '<html>sign in</html>', 'answer'],
    ['nothing in it', '{}', 'key'],
    ['another key', '{"KeyId":"arn:other","CiphertextBlob":"AAAA"}', 'key'],
  ])('are not believed to have answered by %s', async (_what, body, reason) => {
    kms.next.push({ status: 200, body });
    await expect(ring.wrap(dataKey, 'here')).rejects.toMatchObject(misconfigured(reason));
  });

  it('need their ARNs and somebody to be, or auth does not start', () => {
    for (const keys of ['alias/conclave', arn.replace('key/', 'alias/'), `${arn},`, '', arn.split('/')[1]])
      expect(() => kmsRing({ SECRETS_KMS_KEYS: keys })).toThrow('expected ARNs of keys, not of aliases');
    for (const missing of [{ AWS_ACCESS_KEY_ID: undefined }, { AWS_SECRET_ACCESS_KEY: undefined }])
      expect(() => kmsRing(missing)).toThrow('SECRETS_KMS_KEYS needs AWS_ROLE_ARN');
  });
});
