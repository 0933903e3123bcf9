/** A KMS that others wrote, local-kms, whose program `LOCAL_KMS` names: built by `deploy/verify/nightly.sh`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@conclave/dev-env/testing';
import { freePort } from '@conclave/nest-kit/testing';
import { ringOf } from '../testing/key-ring.js';
import type { KeyRing } from './key-ring.js';

const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';

describe('keys in a KMS by others', () => {
  const dir = mkdtempSync(join(tmpdir(), 'local-kms-'));
  const dataKey = randomBytes(32);
  let url: string;
  let server: ChildProcess;

  /** What an administrator of KMS does; this one looks at no signature. */
  async function admin(action: string, body: object): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
    return (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  }
  const makeKey = async (): Promise<string> => {
    const { KeyMetadata } = await admin('CreateKey', {});
    return (KeyMetadata as { Arn: string }).Arn;
  };
  const ringWith = (keys: string): KeyRing =>
    ringOf({
      ...{ SECRETS_KMS_KEYS: keys, SECRETS_KMS_ENDPOINT: url, SECRETS_KMS_ALLOW: '127.0.0.0/8' },
      ...{ AWS_ACCESS_KEY_ID: 'anybody', AWS_SECRET_ACCESS_KEY: 'anything' },
    });
  const misconfigured = (reason: string) => ({ code: 'service.misconfigured', params: { service: 'kms', reason } });

  beforeAll(async () => {
    const program = process.env['LOCAL_KMS'];
    if (!program) throw new Error('LOCAL_KMS names no program: run deploy/verify/nightly.sh');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = { PORT: `${port}`, KMS_REGION: REGION, KMS_ACCOUNT_ID: ACCOUNT, KMS_DATA_PATH: dir };
    server = spawn(program, [], { env, stdio: 'ignore', cwd: dir });
    await eventually(async () => expect(await makeKey()).toContain(`arn:aws:kms:${REGION}:${ACCOUNT}:key/`));
  }, 60_000);
  afterAll(() => {
    server.kill();
    rmSync(dir, { recursive: true });
  });

  it('wrap for one place, and open nothing that was changed', async () => {
    const arn = await makeKey();
    const ring = ringWith(arn);
    const wrapped = await ring.wrap(dataKey, 'here');
    expect(wrapped.keyId).toBe(`kms:${arn}`);
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await expect(ring.unwrap(wrapped, 'there')).rejects.toMatchObject(misconfigured('ciphertext'));
    const changed = { ...wrapped, wrapped: wrapped.wrapped.replace(/.(?==*$)/, (last) => (last === 'A' ? 'Q' : 'A')) };
    await expect(ring.unwrap(changed, 'here')).rejects.toMatchObject(misconfigured('ciphertext'));
  });

  it('are renewed there without a word to us, and replaced by another one', async () => {
    const [first, second] = [await makeKey(), await makeKey()];
    const before = await ringWith(first).wrap(dataKey, 'here');
    await admin('EnableKeyRotation', { KeyId: first });
    expect(await ringWith(first).unwrap(before, 'here')).toEqual(dataKey);
    const both = ringWith(`${second},${first}`);
    const after = await both.wrap(await both.unwrap(before, 'here'), 'here');
    expect(await ringWith(second).unwrap(after, 'here')).toEqual(dataKey);
  });

  it('are disabled and enabled, doomed, and unknown', async () => {
    const arn = await makeKey();
    const ring = ringWith(arn);
    const wrapped = await ring.wrap(dataKey, 'here');
    await admin('DisableKey', { KeyId: arn });
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('key'));
    await admin('EnableKey', { KeyId: arn });
    expect(await ring.unwrap(wrapped, 'here')).toEqual(dataKey);
    await admin('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 });
    await expect(ring.unwrap(wrapped, 'here')).rejects.toMatchObject(misconfigured('key'));
    await expect(ringWith(`${arn.slice(0, -12)}000000000000`).wrap(dataKey, 'here')).rejects.toMatchObject(
      misconfigured('key'),
    );
  });
});
