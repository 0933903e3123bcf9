/** Keys in a real token: Debian's SoftHSM 2, where it is installed. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ringOf } from '../testing/key-ring.js';
import { makeSoftToken, softTokens, type SoftToken } from '../testing/soft-token.js';

(softTokens ? describe : describe.skip)('keys in a PKCS#11 token', () => {
  let token: SoftToken;
  const dataKey = randomBytes(32);
  const kek = randomBytes(32).toString('base64');
  const away = { code: 'service.unavailable', params: { service: 'pkcs11' } };

  beforeAll(async () => {
    // As they have to be; and one that can be read out, and one that is too short.
    token = await makeSoftToken(process.env['SOFTHSM2_CONF']!, {
      ...{ one: { bytes: 32 }, two: { bytes: 32 } },
      ...{ open: { bytes: 32, extractable: true }, short: { bytes: 16 } },
    });
  });
  afterAll(() => token?.remove());

  const tokenRing = (more: Parameters<typeof ringOf>[0] = {}) =>
    ringOf({ ...token.environment, SECRETS_PKCS11_KEYS: 'one', ...more });

  it('wrap for one place, in the token, and open nothing that was changed', async () => {
    const ring = tokenRing();
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped.keyId).toBe(`pkcs11:${token.label}:one`);
    expect(await ring.current()).toBe(wrapped.keyId);
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    expect((await ring.wrap(dataKey, 'here')).wrapped).not.toBe(wrapped.wrapped);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject(away);
    const bytes = Buffer.from(wrapped.wrapped, 'base64');
    for (let i = 0; i < bytes.length; i += 9) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      await expect(ring.unwrap({ ...wrapped, wrapped: changed.toString('base64') }, 'here')).rejects.toMatchObject(
        away,
      );
    }
    const all = await Promise.all(Array.from({ length: 50 }, () => ring.unwrap(wrapped, 'here')));
    expect(all.every((key) => key.equals(dataKey))).toBe(true);
  });

  it('take over from other keys, which open still, and are taken over from', async () => {
    const before = await ringOf({ SECRETS_KEK: kek }).wrap(dataKey, 'here');
    const first = await tokenRing().wrap(dataKey, 'here');
    const ring = tokenRing({ SECRETS_KEK: kek, SECRETS_PKCS11_KEYS: 'two, one' });
    expect((await ring.wrap(dataKey, 'here')).keyId).toBe(`pkcs11:${token.label}:two`);
    for (const wrapped of [before, first]) expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(tokenRing({ SECRETS_PKCS11_KEYS: 'two' }).unwrap(first, 'here')).rejects.toMatchObject({
      code: 'service.misconfigured',
    });
  });

  it('are away without the token, its PIN, or a key that cannot be read out', async () => {
    for (const wrong of [
      ...[{ SECRETS_PKCS11_TOKEN: 'other' }, { SECRETS_PKCS11_KEYS: 'none' }],
      ...[{ SECRETS_PKCS11_KEYS: 'open' }, { SECRETS_PKCS11_KEYS: 'short' }],
      ...[{ SECRETS_PKCS11_PIN_FILE: '/none/pin' }, { SECRETS_PKCS11_MODULE: '/none/token.so' }],
    ])
      await expect(tokenRing(wrong).wrap(dataKey, 'here')).rejects.toMatchObject(away);
    expect(() => tokenRing({ SECRETS_PKCS11_PIN_FILE: undefined })).toThrow('SECRETS_PKCS11_PIN_FILE');
    expect(() => tokenRing({ SECRETS_PKCS11_TOKEN: undefined })).toThrow('SECRETS_PKCS11_TOKEN');
  });
});
