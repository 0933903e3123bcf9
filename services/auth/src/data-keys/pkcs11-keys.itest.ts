/** Keys in a real token: Debian's SoftHSM 2, where it is installed. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secretKey } from '@conclave/nest-kit';
import { KeyRing } from './key-ring.js';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '8437';

const isThere = existsSync(MODULE) && (await import('pkcs11js').then(() => true).catch(() => false));

(isThere ? describe : describe.skip)('keys in a PKCS#11 token', () => {
  const dir = mkdtempSync(join(tmpdir(), 'conclave-token-'));
  const pinFile = join(dir, 'pin');
  const dataKey = randomBytes(32);
  const kek = secretKey.parse(randomBytes(32).toString('base64'));
  const away = { code: 'service.unavailable', params: { service: 'pkcs11' } };

  beforeAll(async () => {
    mkdirSync(join(dir, 'tokens'));
    // Where the library looks, whose environment is that of the process.
    writeFileSync(process.env['SOFTHSM2_CONF']!, `directories.tokendir = ${join(dir, 'tokens')}\nlog.level = ERROR\n`);
    writeFileSync(pinFile, `${PIN}\n`);
    const init = ['--init-token', '--free', '--label', 'vault', '--so-pin', '1111', '--pin', PIN];
    execFileSync('softhsm2-util', init, { stdio: 'ignore' });
    await makeKeys();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const ringOf = (more: Partial<ConstructorParameters<typeof KeyRing>[0]> = {}) =>
    new KeyRing({
      ...{ SECRETS_KEK: undefined, SECRETS_TRANSIT_URL: undefined, SECRETS_TRANSIT_KEY: 'conclave' },
      ...{ SECRETS_TRANSIT_TOKEN_FILE: undefined, SECRETS_TRANSIT_ALLOW: [] },
      ...{ SECRETS_PKCS11_MODULE: MODULE, SECRETS_PKCS11_TOKEN: 'vault', SECRETS_PKCS11_KEYS: ['one'] },
      ...{ SECRETS_PKCS11_PIN_FILE: pinFile, ...more },
    });

  /** Two keys as they have to be, one that can be read out, and one that is too short. */
  async function makeKeys(): Promise<void> {
    const { default: lib } = await import('pkcs11js');
    const token = new lib.PKCS11();
    token.load(MODULE);
    token.C_Initialize();
    const slot = token.C_GetSlotList(true).find((it) => token.C_GetTokenInfo(it).label.trim() === 'vault')!;
    const session = token.C_OpenSession(slot, lib.CKF_SERIAL_SESSION | lib.CKF_RW_SESSION);
    token.C_Login(session, lib.CKU_USER, PIN);
    const make = (label: string, length: number, extractable: boolean) =>
      token.C_GenerateKey(session, { mechanism: lib.CKM_AES_KEY_GEN }, [
        ...[
          { type: lib.CKA_LABEL, value: label },
          { type: lib.CKA_VALUE_LEN, value: length },
        ],
        ...[
          { type: lib.CKA_TOKEN, value: true },
          { type: lib.CKA_SENSITIVE, value: !extractable },
        ],
        ...[
          { type: lib.CKA_EXTRACTABLE, value: extractable },
          { type: lib.CKA_PRIVATE, value: true },
        ],
        ...[
          { type: lib.CKA_ENCRYPT, value: true },
          { type: lib.CKA_DECRYPT, value: true },
        ],
      ]);
    make('one', 32, false);
    make('two', 32, false);
    make('open', 32, true);
    make('short', 16, false);
    token.C_CloseSession(session);
    token.C_Finalize();
    token.close();
  }

  it('wrap for one place, in the token, and open nothing that was changed', async () => {
    const ring = ringOf();
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped.keyId).toBe('pkcs11:vault:one');
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
    const before = await ringOf({ SECRETS_KEK: [kek], SECRETS_PKCS11_MODULE: undefined }).wrap(dataKey, 'here');
    const first = await ringOf().wrap(dataKey, 'here');
    const ring = ringOf({ SECRETS_KEK: [kek], SECRETS_PKCS11_KEYS: ['two', 'one'] });
    expect((await ring.wrap(dataKey, 'here')).keyId).toBe('pkcs11:vault:two');
    for (const wrapped of [before, first]) expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(ringOf({ SECRETS_PKCS11_KEYS: ['two'] }).unwrap(first, 'here')).rejects.toMatchObject({
      code: 'service.unavailable',
    });
  });

  it('are away without the token, its PIN, or a key that cannot be read out', async () => {
    for (const wrong of [
      ...[{ SECRETS_PKCS11_TOKEN: 'other' }, { SECRETS_PKCS11_KEYS: ['none'] as [string] }],
      ...[{ SECRETS_PKCS11_KEYS: ['open'] as [string] }, { SECRETS_PKCS11_KEYS: ['short'] as [string] }],
      ...[{ SECRETS_PKCS11_PIN_FILE: join(dir, 'none') }, { SECRETS_PKCS11_MODULE: join(dir, 'none.so') }],
    ])
      await expect(ringOf(wrong).wrap(dataKey, 'here')).rejects.toMatchObject(away);
    expect(() => ringOf({ SECRETS_PKCS11_PIN_FILE: undefined })).toThrow('SECRETS_PKCS11_PIN_FILE');
    expect(() => ringOf({ SECRETS_PKCS11_TOKEN: undefined })).toThrow('SECRETS_PKCS11_TOKEN');
  });
});
