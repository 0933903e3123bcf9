import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { newId, type ServiceName } from '@conclave/contracts';
import { SignJWT, UnsecuredJWT } from 'jose';
import { contextTokens, type ContextClaims, type ContextTokens } from './context-token.js';

const services = ['auth', 'gateway', 'runtime'] as const;
const pairs = new Map(services.map((name) => [name as ServiceName, generateKeyPairSync('ed25519')]));
const spki = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');
const publicKeys = Object.fromEntries([...pairs].map(([name, pair]) => [name, spki(pair.publicKey)]));
const tokensOf = (service: ServiceName): ContextTokens =>
  contextTokens({
    service,
    privateKey: pairs.get(service)!.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKeys,
  });

const principal = { id: newId('principal'), kind: 'user', name: 'Ada' };
const claims: ContextClaims = {
  tenantId: newId('tenant'),
  workspaceId: newId('workspace'),
  principal,
  scopes: ['run:read'],
  credentialId: newId('apiKey'),
};
const owner = tokensOf('runtime');

/** A token with parts of our choice, signed by the key of our choice. */
interface Forged {
  readonly header?: Record<string, unknown>;
  readonly payload?: Record<string, unknown>;
  readonly key?: KeyObject;
}
const soon = (): number => Math.floor(Date.now() / 1000) + 60;
function forge({ header, payload, key = pairs.get('auth')!.privateKey }: Forged): Promise<string> {
  return new SignJWT({ iss: 'auth', aud: 'conclave', exp: soon(), ctx: claims, ...payload })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'conclave-context+jwt', kid: 'auth', ...header })
    .sign(key);
}

const part = (token: string, n: number): string => token.split('.')[n]!;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (text: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;

describe('a context token', () => {
  let valid: string;
  beforeAll(async () => {
    valid = await tokensOf('auth').sign(claims, 60_000);
  });

  it('signed by auth says who asks', async () => {
    const verified = await owner.verify(valid);
    expect(verified).toMatchObject({ ...claims, issuer: 'auth' });
    expect(verified.expiresAt).toBeGreaterThan(Date.now() + 50_000);
  });

  it('forged with everything right but the key of auth would be accepted: the forgeries below fail for their own reason', async () => {
    await expect(owner.verify(await forge({}))).resolves.toMatchObject({ issuer: 'auth' });
  });

  it('of a service names that service and nobody else', async () => {
    const token = await tokensOf('runtime').sign({ tenantId: claims.tenantId!, onBehalfOf: 'run' }, 60_000);
    await expect(tokensOf('gateway').verify(token)).resolves.toMatchObject({ issuer: 'runtime', onBehalfOf: 'run' });
  });

  const now = Math.floor(Date.now() / 1000);
  const runtimeKey = pairs.get('runtime')!.privateKey;
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const forgeries: [string, () => Promise<string> | string][] = [
    ['empty', () => ''],
    ['not a token', () => 'not.a.token'],
    ['without a signature', () => `${part(valid, 0)}.${part(valid, 1)}.`],
    ['cut short', () => valid.slice(0, -4)],
    [
      'with a flipped bit in the signature',
      () => `${valid.slice(0, -10)}${valid.at(-10) === 'A' ? 'B' : 'A'}${valid.slice(-9)}`,
    ],
    [
      'with another tenant written in',
      () =>
        `${part(valid, 0)}.${encode({ ...decode(part(valid, 1)), ctx: { ...claims, tenantId: newId('tenant') } })}.${part(valid, 2)}`,
    ],
    [
      'with more scopes written in',
      () =>
        `${part(valid, 0)}.${encode({ ...decode(part(valid, 1)), ctx: { ...claims, scopes: ['run:create'] } })}.${part(valid, 2)}`,
    ],
    [
      'with a later expiry written in',
      () => `${part(valid, 0)}.${encode({ ...decode(part(valid, 1)), exp: soon() + 9e6 })}.${part(valid, 2)}`,
    ],
    [
      'with another header',
      () => `${encode({ ...decode(part(valid, 0)), kid: 'runtime' })}.${part(valid, 1)}.${part(valid, 2)}`,
    ],
    [
      'with the signature of another token',
      async () => `${part(valid, 0)}.${part(valid, 1)}.${part(await forge({ payload: { exp: soon() + 1 } }), 2)}`,
    ],
    ['signed by a stranger’s key', () => forge({ key: stranger })],
    [
      'signed by a stranger who names no service',
      () => forge({ key: stranger, header: { kid: 'nobody' }, payload: { iss: 'nobody' } }),
    ],
    ['without a key id', () => forge({ header: { kid: undefined } })],
    [
      'with the name of an object member as key id',
      () => forge({ header: { kid: 'constructor' }, payload: { iss: 'constructor' } }),
    ],
    ['signed by another service in the name of auth', () => forge({ key: runtimeKey })],
    [
      'issued by auth under the key id of another service',
      () => forge({ key: runtimeKey, header: { kid: 'runtime' } }),
    ],
    [
      'for a principal, signed by a service that is not auth',
      () => forge({ key: runtimeKey, header: { kid: 'runtime' }, payload: { iss: 'runtime' } }),
    ],
    ['for a principal, properly signed by a service that is not auth', () => tokensOf('runtime').sign(claims, 60_000)],
    ['for a principal without a tenant', () => tokensOf('auth').sign({ principal, scopes: ['run:read'] }, 60_000)],
    ['that expired', () => forge({ payload: { exp: now - 60 } })],
    ['that expired, properly signed', () => tokensOf('auth').sign(claims, -60_000)],
    ['without an expiry', () => forge({ payload: { exp: undefined } })],
    ['not valid yet', () => forge({ payload: { nbf: soon() } })],
    ['for another audience', () => forge({ payload: { aud: 'somebody-else' } })],
    ['without an audience', () => forge({ payload: { aud: undefined } })],
    ['without an issuer', () => forge({ payload: { iss: undefined } })],
    ['of another type', () => forge({ header: { typ: 'JWT' } })],
    ['without a type', () => forge({ header: { typ: undefined } })],
    ['without a context', () => forge({ payload: { ctx: undefined } })],
    ['with a context of the wrong shape', () => forge({ payload: { ctx: 'everything' } })],
    ['with scopes that are a text', () => forge({ payload: { ctx: { ...claims, scopes: 'run:read run:create' } } })],
    [
      'with a principal without an id',
      () => forge({ payload: { ctx: { ...claims, principal: { ...principal, id: '' } } } }),
    ],
    [
      'with a critical header nobody understands',
      () => `${encode({ ...decode(part(valid, 0)), crit: ['b64'], b64: true })}.${part(valid, 1)}.${part(valid, 2)}`,
    ],
    [
      'with alg none',
      () =>
        new UnsecuredJWT({ ctx: claims }).setIssuer('auth').setAudience('conclave').setExpirationTime(soon()).encode(),
    ],
    [
      'with alg none and our headers',
      () => `${encode({ alg: 'none', typ: 'conclave-context+jwt', kid: 'auth' })}.${part(valid, 1)}.`,
    ],
    [
      'authenticated with the public key as a shared secret',
      () => {
        const head = encode({ alg: 'HS256', typ: 'conclave-context+jwt', kid: 'auth' });
        const mac = createHmac('sha256', Buffer.from(publicKeys['auth']!, 'base64'))
          .update(`${head}.${part(valid, 1)}`)
          .digest('base64url');
        return `${head}.${part(valid, 1)}.${mac}`;
      },
    ],
    [
      'signed with a curve that is not ours',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return forge({
          header: { alg: 'ES256' },
          key: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
        });
      },
    ],
  ];

  it.each(forgeries)('%s is refused', async (_how, make) => {
    await expect(owner.verify(await make())).rejects.toMatchObject({ code: 'auth.unauthenticated', params: {} });
  });

  it('that was once accepted is refused after it expired, although it is remembered', async () => {
    const token = await tokensOf('auth').sign(claims, -3_500);
    await expect(owner.verify(token)).resolves.toMatchObject({ issuer: 'auth' });
    await new Promise((resolve) => setTimeout(resolve, 2_600));
    await expect(owner.verify(token)).rejects.toMatchObject({ code: 'auth.unauthenticated' });
  });

  it('is remembered: the second look is not a second signature check', async () => {
    const fresh = tokensOf('gateway');
    const first = await fresh.verify(valid);
    expect(await fresh.verify(valid)).toBe(first);
  });
});
