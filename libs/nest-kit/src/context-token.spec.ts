import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { newId, type ServiceName } from '@conclave/contracts';
import { contextTokens, type ContextClaims, type ContextTokens } from './context-token.js';
import { forgedTokens } from './test/forged-tokens.js';

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

const bytesOf = (token: string): string =>
  token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');

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

  it('of a service names that service and nobody else', async () => {
    const token = await tokensOf('runtime').sign({ tenantId: claims.tenantId!, onBehalfOf: 'run' }, 60_000);
    await expect(tokensOf('gateway').verify(token)).resolves.toMatchObject({ issuer: 'runtime', onBehalfOf: 'run' });
  });

  it('forged is refused, whatever is wrong with it', async () => {
    const [auth, runtime] = [pairs.get('auth')!, pairs.get('runtime')!];
    const kit = { auth: auth.privateKey, authPublic: auth.publicKey, runtime: runtime.privateKey };
    const forged = await forgedTokens({ ...kit, claims: { ...claims, principal } });
    expect(forged.length).toBeGreaterThan(80);
    expect(new Set(forged.map(([, token]) => token)).size).toBe(forged.length);
    for (const [how, token] of forged) {
      const outcome = await owner.verify(token).then(
        () => 'believed',
        ({ code, params }: { code: string; params: object }) => ({ code, params }),
      );
      expect([how, outcome]).toEqual([how, { code: 'auth.unauthenticated', params: {} }]);
    }
  });

  it('with any one character changed is refused', async () => {
    for (let i = 0; i < valid.length; i++)
      for (const other of ['A', '_', '.', ' ']) {
        // The last characters of a part may hold bits that mean nothing; what they spell is then the same bytes.
        const changed = valid.slice(0, i) + other + valid.slice(i + 1);
        if (bytesOf(changed) === bytesOf(valid)) continue;
        await expect(owner.verify(changed)).rejects.toMatchObject({ code: 'auth.unauthenticated' });
      }
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
