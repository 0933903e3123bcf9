/** Programs of others (`openid-client`) that speak OAuth to two replicas of auth, and people who answer them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  auth,
  events,
  newId,
  oauth,
  roles,
  scim,
  secrets,
  signIns,
  tenants,
  type ConclaveError,
} from '@conclave/contracts';
import { eventually, refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import type { RunningService } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import * as client from 'openid-client';
import { SITE, edge, startAuth, startReplica, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { forgedAccessTokens } from '../testing/forged-access-tokens.js';
import { signInWithLink, speakTo } from '../testing/oauth-client.js';
import { AuthorizationServer } from './authorization-server.js';
import { sweepOauth } from './postgres-grants.js';
import { SigningKeys } from './signing-keys.js';

let fixture: AuthFixture;
let replica: RunningService;
let tenant: TestTenant;
let person: TestPrincipal;
let secret: string;
let cli: client.Configuration;

const CALLBACK = 'https://app.example.com/callback';

/** A program that finds out by itself how to speak to us. */
const program = (id: string, authentication?: client.ClientAuth): Promise<client.Configuration> =>
  client.discovery(new URL(SITE), id, undefined, authentication ?? client.None(), {
    [client.customFetch]: speakTo(fixture) as client.CustomFetch,
    algorithm: 'oauth2',
  });

async function someone() {
  const of = await fixture.createTenant();
  return { tenant: of, ...(await signInWithLink(fixture, of)) };
}

beforeAll(async () => {
  fixture = await startAuth();
  replica = await startReplica(fixture, {});
  ({ tenant, person, secret } = await someone());
  cli = await program('conclave-cli');
});
afterAll(async () => {
  await replica.stop();
  await fixture.stop();
});

/** What a person sees, and their answer to it. */
async function decide(userCode: string, allow = true, as = person) {
  const { shown } = await fixture.call(oauth.openDeviceCode, { userCode }, as);
  return fixture.call(oauth.decideDeviceCode, { userCode, allow, shown }, as);
}
/** Lets the program ask again at once. */
const unpoll = () => fixture.database.query(`update auth.oauth_request set polled_at = null`);
const poll = (device: client.DeviceAuthorizationResponse, by = cli) =>
  client.genericGrantRequest(by, 'urn:ietf:params:oauth:grant-type:device_code', { device_code: device.device_code });
async function tokensFor(scope: string, as = person, by = cli) {
  const device = await client.initiateDeviceAuthorization(by, { scope });
  await decide(device.user_code, true, as);
  return poll(device, by);
}
const use = (token: string) => fixture.exchange(token, 'access-token');
const refresh = (token: string | undefined, more: Record<string, string> = {}, by = cli) =>
  client.refreshTokenGrant(by, token!, more);
/** The word of the protocol for a refusal. */
const said = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    ({ error, code }: { error?: string; code?: string }) =>
      code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' ? 'invalid_client' : (error ?? code ?? 'failed'),
  );
const told = async (type: string, tenantId = person.tenantId) =>
  (await fixture.emitted(type, tenantId)).map(({ data }) => data);
const grantOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { grant: string }).grant;

/** The grant is over: its access token opens nothing and its refresh token gives nothing. */
async function expectDead(tokens: client.TokenEndpointResponse, by = cli) {
  expect(await refusalOf(use(tokens.access_token))).toBe('auth.unauthenticated');
  expect(await said(refresh(tokens.refresh_token, {}, by))).toBe('invalid_grant');
}

describe('a device', () => {
  it('shows a code, waits for a person, and gets tokens for what the person may do', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read self:read nothing:known' });
    expect(device).toMatchObject({
      ...{
        verification_uri: `${SITE}/device`,
        verification_uri_complete: `${SITE}/device?user_code=${device.user_code}`,
      },
      ...{ user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/), expires_in: 600 },
    });
    expect(await said(poll(device))).toBe('authorization_pending');
    expect(await said(poll(device))).toBe('slow_down');
    const sloppily = ` ${device.user_code.toLowerCase().replace('-', ' ')}`;
    expect(await fixture.call(oauth.openDeviceCode, { userCode: sloppily }, person)).toMatchObject({
      ...{ client: { id: 'conclave-cli', builtIn: true }, scopes: ['run:read', 'self:read'], beyond: [] },
      ...{ address: '192.0.2.7', userAgent: expect.stringContaining('openid-client'), workspace: { name: 'default' } },
      actsUntil: expect.stringMatching(/^\d{4}-/),
    });
    expect(await decide(sloppily)).toMatchObject({ allowed: true });
    const tokens = await poll(device);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'run:read self:read' });
    const grant = grantOf(tokens.access_token);
    expect(await use(tokens.access_token)).toMatchObject({
      ...{ tenantId: person.tenantId, workspaceId: person.workspaceId, principal: person.principal },
      ...{ credentialId: grant, scopes: ['run:read', 'self:read'] },
    });
    expect((await told(events.grantGiven.type)).at(-1)).toMatchObject({ grant, scopes: ['run:read', 'self:read'] });
  });

  it('gets no more than the person may do, today', async () => {
    const { items } = await fixture.call(signIns.listSignIns, {}, person);
    expect(items).toHaveLength(1);
    await fixture.setRole(person, 'developer');
    const developer = await fixture.exchange(secret, 'sign-in');
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:create member:manage' });
    expect(await fixture.call(oauth.openDeviceCode, { userCode: device.user_code }, developer)).toMatchObject({
      ...{ scopes: ['run:create'], beyond: ['member:manage'] },
    });
    await decide(device.user_code, true, developer);
    const tokens = await poll(device);
    expect(tokens.scope).toBe('run:create');
    await fixture.setRole(person, 'viewer');
    expect((await use(tokens.access_token)).scopes).toEqual([]);
    await fixture.setRole(person, 'administrator');
    expect((await use(tokens.access_token)).scopes).toEqual(['run:create']);
  });

  it('gets nothing with which it could make credentials, whatever its person may do', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read api-key:manage self:manage' });
    expect(await fixture.call(oauth.openDeviceCode, { userCode: device.user_code }, person)).toMatchObject({
      ...{ scopes: ['run:read'], beyond: ['api-key:manage', 'self:manage'] },
    });
    await decide(device.user_code);
    expect((await use((await poll(device)).access_token)).scopes).toEqual(['run:read']);
  });

  it('is told of a no, and of a code that ran out', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    expect(await decide(device.user_code, false)).toMatchObject({ allowed: false });
    expect(await said(poll(device))).toBe('access_denied');
    expect(await refusalOf(decide(device.user_code))).toBe('auth.device-code.not-found');
    const late = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    await fixture.database.query(
      `update auth.oauth_request set expires_at = now(), payload = payload || '{"exp": 1}' where decided_at is null`,
    );
    expect(await refusalOf(decide(late.user_code))).toBe('auth.device-code.not-found');
    expect(await said(poll(late))).toBe('expired_token');
  });

  it('gets tokens once: who comes second ends what the first one got', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    await decide(device.user_code);
    const first = await poll(device);
    await unpoll();
    expect(await said(poll(device))).toBe('invalid_grant');
    await expectDead(first);
  });

  it('gets what the person was shown, or nothing: not more, elsewhere, to another, or unseen', async () => {
    const who = await someone();
    const ask = () => client.initiateDeviceAuthorization(cli, { scope: 'run:read run:create' });
    const [device, other] = [await ask(), await ask()];
    const open = (userCode: string, as: TestPrincipal) => fixture.call(oauth.openDeviceCode, { userCode }, as);
    const answer = (shown?: string, userCode = device.user_code, as = who.person) =>
      refusalOf(fixture.call(oauth.decideDeviceCode, { userCode, allow: true, shown }, as));
    const { shown } = await open(device.user_code, who.person);
    expect((await open(device.user_code, who.person)).shown).toBe(shown);
    const viewer = { ...who.person, scopes: who.person.scopes!.filter((scope) => scope !== 'run:create') };
    const elsewhere = await fixture.call(auth.createWorkspace, { name: 'Elsewhere' }, who.person);
    const moved = { ...who.person, workspaceId: elsewhere.id };
    expect(await answer()).toBe('auth.oauth.changed');
    expect(await answer((await open(other.user_code, who.person)).shown)).toBe('auth.oauth.changed');
    expect(await answer((await open(device.user_code, viewer)).shown)).toBe('auth.oauth.changed');
    expect(await answer(shown, device.user_code, viewer)).toBe('auth.oauth.changed');
    expect(await answer(shown, device.user_code, moved)).toBe('auth.oauth.changed');
    expect(await answer((await open(device.user_code, person)).shown)).toBe('auth.oauth.changed');
    await fixture.database.query(
      `update auth.oauth_request set payload = jsonb_set(payload, '{params,scope}', '"run:read run:create secret:manage"')
       where decided_at is null and payload -> 'params' ->> 'scope' = 'run:read run:create'`,
    );
    expect(await answer(shown)).toBe('auth.oauth.changed');
    await expect(decide(device.user_code, true, who.person)).resolves.toMatchObject({ allowed: true });
  });

  it('is answered once, however many answer at a time', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => decide(device.user_code)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is none of a key’s, a token’s or a service account’s business', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    const byToken = { ...(await use((await tokensFor('self:read')).access_token)), scopes: person.scopes! };
    for (const as of [tenant.principal, byToken])
      expect(await refusalOf(decide(device.user_code, true, as))).toBe('auth.oauth.sign-in-needed');
  });

  it('acts in the workspace it names, as the person may there', async () => {
    const elsewhere = await fixture.call(auth.createWorkspace, { name: 'Elsewhere' }, person);
    const ask = (workspace: string) =>
      client.initiateDeviceAuthorization(cli, { scope: 'run:read secret:manage', workspace });
    const device = await ask('Elsewhere');
    await decide(device.user_code);
    expect(await use((await poll(device)).access_token)).toMatchObject({ workspaceId: elsewhere.id });
    const nowhere = await ask('Nowhere');
    expect(await refusalOf(decide(nowhere.user_code))).toBe('auth.workspace.not-found');
  });

  it('is worth what the key is that its person signed in with, and ends with it', async () => {
    // Somebody without a second factor: nothing of late is asked of them but to have signed in.
    const without = await fixture.call(
      auth.addMember,
      { name: 'Cy', kind: 'user', role: 'developer' },
      tenant.principal,
    );
    const key = await fixture.call(
      auth.createApiKey,
      {
        ...{ name: 'narrow', principal: without.principal.id, allowedAddresses: ['192.0.2.0/24'] },
        scopes: ['run:read', 'self:read', 'self:manage'],
      },
      tenant.principal,
    );
    const opened = await fixture.call(auth.createSignIn, { apiKey: key.key }, edge);
    const narrow = await fixture.exchange(opened.secret, 'sign-in');
    const tokens = await tokensFor('run:read secret:manage', narrow);
    expect(tokens.scope).toBe('run:read');
    const exchanged = { kind: 'access-token' as const, secret: tokens.access_token };
    expect(await fixture.call(auth.exchangeCredential, exchanged, edge)).toMatchObject({
      allowedAddresses: ['192.0.2.0/24'],
    });
    const program = { ...(await use(tokens.access_token)), scopes: roles.administrator };
    expect(program.rootCredentialId).toBe(key.id);
    const wider = fixture.call(auth.createApiKey, { name: 'wider', allowedAddresses: ['0.0.0.0/0'] }, program);
    expect(await refusalOf(wider)).toBe('auth.address.too-wide');
    const { tenantId } = tenant.principal;
    await fixture.database.query(`insert into auth.mfa_policy values ($1, true, now(), 'x')`, [tenantId]);
    expect(await refusalOf(use(tokens.access_token))).toBe('auth.unauthenticated');
    await fixture.database.query('delete from auth.mfa_policy where tenant_id = $1', [tenantId]);
    await expect(use(tokens.access_token)).resolves.toBeDefined();
    await fixture.call(auth.revokeApiKey, { id: key.id }, tenant.principal);
    await expectDead(tokens);
  });

  it('is not found by guessing', async () => {
    const guesser = await someone();
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    for (let guess = 0; guess < 10; guess += 1)
      expect(await refusalOf(decide(`BCDF-BCD${'BCDFGHJKLM'[guess]!}`, true, guesser.person))).toBe(
        'auth.device-code.not-found',
      );
    expect(await refusalOf(decide(device.user_code, true, guesser.person))).toBe('request.rate-limited');
    expect(await decide(device.user_code)).toMatchObject({ allowed: true });
  });
});

describe('how lately a person proved who they are', () => {
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
  const proveAgo = ({ tenantId, credentialId }: TestPrincipal, minutes: number) =>
    fixture.database.query(
      `update auth.sign_in set proven_at = now() - $3 * interval '1 min', authenticated_at = now() - interval '1 day'
       where tenant_id = $1 and id = $2`,
      [tenantId, credentialId, minutes],
    );

  it('goes with what they allow, however often it is renewed, and opens what is privileged for so long only', async () => {
    const who = await someone();
    const deleting = async (token: string) =>
      fixture
        .call(secrets.deleteSecret, { id: newId('secret') }, await use(token))
        .catch(({ code, params }: ConclaveError) => [code, params]);
    await proveAgo(who.person, 10);
    const tokens = await tokensFor('secret:manage run:read', who.person);
    const provenAt = Number(claimsOf(tokens.access_token)['auth_time']);
    expect(Math.abs(Date.now() / 1_000 - 600 - provenAt)).toBeLessThan(30);
    expect(await deleting(tokens.access_token)).toMatchObject(['auth.secret.not-found', {}]);
    await fixture.database.query(`update auth.oauth_grant set proven_at = proven_at - interval '6 min' where id = $1`, [
      grantOf(tokens.access_token),
    ]);
    const renewed = await refresh(tokens.refresh_token);
    expect(claimsOf(renewed.access_token)['auth_time']).toBe(provenAt - 360);
    expect(await deleting(renewed.access_token)).toEqual(['auth.proof.too-old', { maxAgeS: 900 }]);
    await fixture.database.query('update auth.oauth_grant set proven_at = null where id = $1', [
      grantOf(tokens.access_token),
    ]);
    expect(await deleting(renewed.access_token)).toEqual(['auth.proof.too-old', { maxAgeS: 900 }]);
    expect((await use(renewed.access_token)).scopes).toContain('run:read');
  });

  it.each([
    [{ max_age: '0' }, 5, false],
    [{ max_age: '240' }, 5, false],
    [{ max_age: '360' }, 5, true],
    [{}, 5, true],
  ])('is held to what a program asks: %j, proven %d minutes ago', async (params, minutes, allowed) => {
    const who = await someone();
    await proveAgo(who.person, minutes);
    const device = await client.initiateDeviceAuthorization(cli, { scope: 'run:read', ...params });
    if (!allowed) {
      expect(await refusalOf(decide(device.user_code, true, who.person))).toBe('auth.step-up.required');
      await proveAgo(who.person, -1);
    }
    expect(await decide(device.user_code, true, who.person)).toMatchObject({ allowed: true });
  });
});

describe('a refresh token', () => {
  it('gives another one and a new access token, for no more than before', async () => {
    const first = await tokensFor('run:read self:read');
    const second = await refresh(first.refresh_token, { scope: 'run:read' });
    expect(second.scope).toBe('run:read');
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await said(refresh(second.refresh_token, { scope: 'run:read secret:manage' }))).toBe('invalid_scope');
    const third = await refresh(second.refresh_token);
    expect(third.scope).toBe('run:read self:read');
    expect(await said(refresh(third.refresh_token, { resource: 'https://example.com' }))).toBe('invalid_target');
  });

  it('that comes again ends everything that came of it', async () => {
    const first = await tokensFor('run:read');
    const second = await refresh(first.refresh_token);
    const third = await refresh(second.refresh_token);
    expect(await said(refresh(first.refresh_token))).toBe('invalid_grant');
    await expectDead(third);
    const grant = grantOf(third.access_token);
    expect((await told(events.grantRevoked.type)).at(-1)).toMatchObject({ grant, because: 'reuse' });
    expect(await told(events.credentialRevoked.type)).toContainEqual({ credentialId: grant });
  });

  it('that comes to several replicas at once is taken once at most, and then everything ends', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { refresh_token: token } = await tokensFor('run:read');
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => refresh(token)));
      const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      expect(taken.length).toBeLessThanOrEqual(1);
      for (const tokens of taken) await expectDead(tokens);
      expect(await said(refresh(token))).toBe('invalid_grant');
    }
  });

  it('is of no use to another program', async () => {
    const { refresh_token: token } = await tokensFor('run:read');
    const made = await fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'public' }, person);
    expect(await said(refresh(token, {}, await program(made.id)))).toBe('invalid_grant');
    const confidential = await fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'confidential' }, person);
    const other = await program(confidential.id, client.ClientSecretBasic(confidential.secret));
    expect(await client.tokenIntrospection(other, token!)).toEqual({ active: false });
    await client.tokenRevocation(other, token!);
    await expect(refresh(token)).resolves.toBeDefined();
  });
});

const OTHER = { name: 'Other', redirectUris: [CALLBACK] };

describe('a grant ends', () => {
  const ways: Record<
    string,
    {
      because: string;
      end: (who: Awaited<ReturnType<typeof someone>>, tokens: client.TokenEndpointResponse) => Promise<unknown>;
    }
  > = {
    'when the person takes it back': {
      because: 'person',
      end: async ({ person }) => {
        const { items } = await fixture.call(oauth.listGrants, {}, person);
        expect(items).toMatchObject([{ client: { name: 'Conclave CLI' }, scopes: ['run:read'] }]);
        await fixture.call(oauth.revokeGrant, { id: items[0]!.id }, person);
        expect((await fixture.call(oauth.listGrants, {}, person)).items).toEqual([]);
      },
    },
    'when the program gives it back': {
      because: 'client',
      end: (_who, tokens) => client.tokenRevocation(cli, tokens.refresh_token!),
    },
    'when the sign-in ends under which it was given': {
      because: 'sign-in',
      end: ({ secret }) => fixture.call(auth.endSignIn, { secret }, edge),
    },
    'when its person is disabled': {
      because: 'member',
      end: async ({ person, tenant }) => {
        const other = await fixture.call(auth.addMember, { name: 'Bo', kind: 'user', role: 'administrator' }, person);
        await fixture.call(tenants.addOwner, { id: other.principal.id }, tenant.principal);
        await fixture.call(auth.disableMember, { id: person.principal.id }, tenant.principal);
      },
    },
  };

  it.each(Object.entries(ways))('%s', async (_when, { because, end }) => {
    const who = await someone();
    const tokens = await tokensFor('run:read', who.person);
    await expect(use(tokens.access_token)).resolves.toBeDefined();
    await end(who, tokens);
    await expectDead(tokens);
    const grant = grantOf(tokens.access_token);
    const [revoked] = (await told(events.grantRevoked.type, who.person.tenantId)) as { because: string }[];
    // Whose membership ends loses the sign-ins first, and with them what was given there.
    expect(revoked).toMatchObject({ grant, because: because === 'member' ? 'sign-in' : because });
    expect(await told(events.credentialRevoked.type, who.person.tenantId)).toContainEqual({ credentialId: grant });
  });

  it('with what its sign-in was opened with, also when that sign-in is long forgotten', async () => {
    const { tenant } = await someone();
    const cy = await fixture.call(auth.addMember, { name: 'Cy', kind: 'user', role: 'developer' }, tenant.principal);
    const key = await fixture.call(auth.createApiKey, { name: 'x', principal: cy.principal.id }, tenant.principal);
    const opened = await fixture.call(auth.createSignIn, { apiKey: key.key }, edge);
    const tokens = await tokensFor('run:read', await fixture.exchange(opened.secret, 'sign-in'));
    await fixture.database.query('delete from auth.sign_in where principal_id = $1', [cy.principal.id]);
    await expect(use(tokens.access_token)).resolves.toBeDefined();
    await fixture.call(auth.revokeApiKey, { id: key.id }, tenant.principal);
    const revoked = { credentialId: grantOf(tokens.access_token) };
    expect(await told(events.credentialRevoked.type, tenant.principal.tenantId)).toContainEqual(revoked);
  });

  it('when a directory says that its person is not active', async () => {
    const admin = (await someone()).person;
    const directory = (method: 'POST' | 'PATCH', path: string, body: Record<string, never>) =>
      fixture.call(scim.scimRequest, { method, path, base: `${SITE}/scim/v2`, query: {}, body }, admin);
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'fay@example.com' };
    const id = (await directory('POST', 'Users', user as never)).body!['id'] as string;
    const { key } = await fixture.call(auth.createApiKey, { name: 'fay', principal: id }, admin);
    const opened = await fixture.call(auth.createSignIn, { apiKey: key }, edge);
    const tokens = await tokensFor('run:read', await fixture.exchange(opened.secret, 'sign-in'));
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    const patch = { schemas, Operations: [{ op: 'replace', path: 'active', value: false }] };
    expect((await directory('PATCH', `Users/${id}`, patch as never)).body).toMatchObject({ active: false });
    await expectDead(tokens);
  });

  it('not when its person moves to another workspace, nor for others who ask', async () => {
    const who = await someone();
    const tokens = await tokensFor('run:read', who.person);
    const { id } = await fixture.call(auth.createWorkspace, { name: 'Elsewhere' }, who.person);
    const moved = await fixture.call(signIns.moveSignIn, { secret: who.secret, workspace: id }, edge);
    await expect(use(tokens.access_token)).resolves.toBeDefined();
    const grant = grantOf(tokens.access_token);
    expect(await refusalOf(fixture.call(oauth.revokeGrant, { id: grant }, person))).toBe('auth.grant.not-found');
    await fixture.call(auth.endSignIn, { secret: moved.secret }, edge);
    await expectDead(tokens);
  });
});

describe('access tokens', () => {
  it('are believed if they are ours, and none of these', async () => {
    const { jwk } = await fixture.service.app.get(SigningKeys).current();
    const good = (await tokensFor('run:read self:read')).access_token;
    const others = (await tokensFor('run:read', (await someone()).person)).access_token;
    const forged = forgedAccessTokens({ good, others, jwk: jwk });
    expect(forged.length).toBeGreaterThanOrEqual(60);
    const accepted: string[] = [];
    for (const [what, token] of forged) {
      const answer = await said(use(token));
      // A claim that says less than the truth is no forgery; these all say something else.
      if (answer !== 'auth.unauthenticated') accepted.push(`${what}: ${answer.slice(0, 100)}`);
    }
    expect(accepted).toEqual([]);
    await expect(use(good)).resolves.toBeDefined();
  });

  it('are signed under a new key without anybody noticing', async () => {
    const keys = fixture.service.app.get(SigningKeys);
    const kids = async () => {
      const { keys } = (await (await speakTo(fixture)(`${SITE}/oauth/jwks.json`)).json()) as {
        keys: Record<string, string>[];
      };
      for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      return keys.map(({ kid }) => kid);
    };
    const kidOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
    const before = await tokensFor('run:read');
    const old = kidOf(before.access_token);
    const { id } = await keys.rotate(6_000);
    expect(old).not.toBe(id);
    // Of each of five programs that work all the while: under which key its tokens were.
    const work = async (): Promise<string[]> => {
      const used: string[] = [];
      for (let tokens = await tokensFor('run:read'); used.slice(-6).join() !== Array(6).fill(id).join();) {
        tokens = await refresh(tokens.refresh_token);
        await use(tokens.access_token);
        await use(before.access_token);
        used.push(kidOf(tokens.access_token));
      }
      return used;
    };
    const all = await Promise.all(Array.from({ length: 5 }, work));
    for (const used of all) expect(used[0]).toBe(old);
    expect(await kids()).toEqual([old, id]);
  }, 40_000);
});

describe('a program in a browser', () => {
  interface Asked {
    readonly by?: client.Configuration;
    readonly params?: Record<string, string>;
    readonly as?: TestPrincipal;
    readonly allow?: boolean;
  }
  const verifier = client.randomPKCECodeVerifier();
  const challenge = () => client.calculatePKCECodeChallenge(verifier);
  const paramsOf = async (more: Record<string, string> = {}) => ({
    ...{ redirect_uri: CALLBACK, scope: 'run:read', state: 'its state' },
    ...{ code_challenge: await challenge(), code_challenge_method: 'S256', ...more },
  });
  let web: client.Configuration;
  beforeAll(async () => {
    const made = await fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'confidential' }, person);
    web = await program(made.id, client.ClientSecretBasic(made.secret));
  });

  /** The browser of a person on its way: to the console, and from there back to the program. */
  async function begin({ by = web, params = {} }: Asked = {}) {
    const url = client.buildAuthorizationUrl(by, await paramsOf(params));
    const answer = await speakTo(fixture)(url.href);
    const location = answer.headers.get('location') ?? '';
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    return { answer, location, cookie, id: location.startsWith(`${SITE}/authorize/`) ? location.slice(-43) : '' };
  }
  async function answerTo(id: string, allow = true, as = person) {
    const { shown } = await fixture.call(oauth.getAuthorization, { id }, as);
    return fixture.call(oauth.decideAuthorization, { id, allow, shown }, as);
  }
  const goOn = async (location: string, cookie: string) => speakTo(fixture)(location, { headers: { cookie } });
  async function codeFor(asked: Asked = {}) {
    const { id, cookie } = await begin(asked);
    const { location } = await answerTo(id, asked.allow, asked.as);
    return new URL((await goOn(location, cookie)).headers.get('location')!);
  }
  const exchange = (back: URL, by = web, more: Partial<client.AuthorizationCodeGrantChecks> = {}) =>
    client.authorizationCodeGrant(by, back, { pkceCodeVerifier: verifier, expectedState: 'its state', ...more });
  /** Where the program finds it: after `?`, or after `#` when it wanted a token there. */
  const answerIn = (location: string) => new URLSearchParams(location.split(/[?#]/)[1]);
  const errorIn = (location: string) => answerIn(location).get('error');

  it('gets a code for the person, and tokens for the code', async () => {
    const { id, cookie } = await begin();
    expect(await fixture.call(oauth.getAuthorization, { id }, person)).toMatchObject({
      ...{ client: { name: 'Other', builtIn: false }, scopes: ['run:read'], returnsTo: 'https://app.example.com' },
    });
    const { location } = await answerTo(id);
    const back = new URL((await goOn(location, cookie)).headers.get('location')!);
    expect(back.searchParams.get('iss')).toBe(SITE);
    const tokens = await exchange(back);
    expect(await use(tokens.access_token)).toMatchObject({ principal: person.principal, scopes: ['run:read'] });
    expect((await refresh(tokens.refresh_token, {}, web)).scope).toBe('run:read');
    expect((await goOn(location, cookie)).status).toBe(400);
    expect(await refusalOf(answerTo(id))).toBe('auth.authorization.not-found');
  });

  it.each<Record<string, string>>([{ prompt: 'login' }, { max_age: '0' }, { max_age: '60' }])(
    'has the person prove who they are again when it asks for it: %j',
    async (params) => {
      const who = await someone();
      const provenAt = (sql: string) =>
        fixture.database.query(`update auth.sign_in set proven_at = ${sql}, authenticated_at = ${sql} where id = $1`, [
          who.person.credentialId,
        ]);
      await provenAt(`now() - interval '2 min'`);
      const { id, cookie } = await begin({
        by: cli,
        params: { ...params, redirect_uri: 'http://127.0.0.1:1/callback' },
      });
      expect(await refusalOf(answerTo(id, true, who.person))).toBe('auth.step-up.required');
      await provenAt('now()');
      const { location } = await answerTo(id, true, who.person);
      const back = new URL((await goOn(location, cookie)).headers.get('location')!);
      await expect(exchange(back, cli)).resolves.toBeDefined();
    },
  );

  it('may say beforehand what it asks for, and may run on the person’s machine on any port', async () => {
    const pushed = await client.buildAuthorizationUrlWithPAR(web, await paramsOf());
    const answer = await speakTo(fixture)(pushed.href);
    expect(answer.headers.get('location')).toContain(`${SITE}/authorize/`);
    const back = await codeFor({ by: cli, params: { redirect_uri: 'http://127.0.0.1:49152/callback' } });
    expect(back.port).toBe('49152');
    await expect(exchange(back, cli)).resolves.toBeDefined();
  });

  it.each<[string, Record<string, string>, string]>([
    ['with an age that is none', { max_age: '-1' }, 'invalid_request'],
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for an implicit token', { response_type: 'token' }, 'unsupported_response_type'],
    ['for an ID token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['for another resource', { resource: 'https://example.com' }, 'invalid_target'],
    ['without asking the person', { prompt: 'none' }, 'consent_required'],
    ['to be answered by a form', { response_mode: 'form_post' }, 'unsupported_response_mode'],
    ['by a request of its own making', { request: 'e30.e30.' }, 'request_not_supported'],
  ])('is sent back when it asks %s', async (_how, params, error) => {
    const { location } = await begin({ params });
    expect(location.startsWith(CALLBACK)).toBe(true);
    expect(errorIn(location)).toBe(error);
    expect(answerIn(location).get('iss')).toBe(SITE);
  });

  it.each<[string, Record<string, string>]>([
    ['to another address', { redirect_uri: 'https://evil.example.com/callback' }],
    ['to an address that begins alike', { redirect_uri: `${CALLBACK}/more` }],
    ['to an address with a query', { redirect_uri: `${CALLBACK}?x=1` }],
    ['as a program nobody knows', { client_id: 'ocl_nobody' }],
  ])('leads nobody %s', async (_where, params) => {
    const { answer, location } = await begin({ params });
    expect([answer.status, location]).toEqual([400, '']);
  });

  it('is told of a no', async () => {
    expect(errorIn((await codeFor({ allow: false })).href)).toBe('access_denied');
  });

  it('gets its code only in the browser that began, after a yes in that one', async () => {
    const { id, cookie, location: page } = await begin();
    expect(cookie).toMatch(/^__Secure-conclave-oauth=[\w-]+; __Secure-conclave-oauth\.sig=[\w-]+$/);
    const early = await goOn(page.replace('/authorize/', '/oauth/authorize/'), cookie);
    expect(early.status).toBe(400);
    const { location } = await answerTo(id);
    expect((await goOn(location.split('?')[0]!, cookie)).status).toBe(400);
    expect((await goOn(`${location}x`, cookie)).status).toBe(400);
    expect((await goOn(location, '')).status).toBe(400);
    expect((await goOn(location, cookie)).headers.get('location')).toContain('code=');
  });

  it('gets one code, however often a browser goes on at a time', async () => {
    const { id, cookie } = await begin();
    const { location } = await answerTo(id);
    const answers = await Promise.all(Array.from({ length: 5 }, () => goOn(location, cookie)));
    const codes = answers.filter((answer) => answer.headers.get('location')?.includes('code='));
    expect(codes).toHaveLength(1);
  });

  it('uses a code once, with its verifier and address, and as itself', async () => {
    const confused = await codeFor();
    const wrong = { pkceCodeVerifier: client.randomPKCECodeVerifier() };
    expect(await said(exchange(confused, web, wrong))).toBe('invalid_grant');
    expect(await said(exchange(confused, cli))).toBe('invalid_grant');
    const moved = new URL(confused);
    moved.pathname = '/elsewhere';
    expect(await said(exchange(moved))).toBe('invalid_grant');
    const impostor = await program(web.clientMetadata().client_id, client.ClientSecretBasic('guessed'));
    expect(await said(exchange(confused, impostor))).toBe('invalid_client');
    expect(await said(exchange(confused, await program(web.clientMetadata().client_id)))).toBe('invalid_client');
    const failed = { method: 'oauth-client', reason: 'wrong', credential: web.clientMetadata().client_id, times: 1 };
    await eventually(async () => expect(await told(events.authenticationFailed.type)).toEqual([failed]));
    const tokens = await exchange(confused);
    expect(await said(exchange(confused))).toBe('invalid_grant');
    await expectDead(tokens, web);
  });

  it('of another tenant is none of a person’s', async () => {
    const { id } = await begin();
    const stranger = await someone();
    expect(await refusalOf(answerTo(id, true, stranger.person))).toBe('auth.authorization.not-found');
    const request = { id: web.clientMetadata().client_id, name: 'Mine' };
    expect(await refusalOf(fixture.call(oauth.changeOauthClient, request, stranger.person))).toBe(
      'auth.oauth-client.not-found',
    );
  });

  it('gets nothing when it is another, by name, than the person was shown', async () => {
    const made = await fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'public' }, person);
    const { id } = await begin({ by: await program(made.id) });
    const { shown } = await fixture.call(oauth.getAuthorization, { id }, person);
    await fixture.call(oauth.changeOauthClient, { id: made.id, name: 'Trusted' }, person);
    const asked = fixture.call(oauth.decideAuthorization, { id, allow: true, shown }, person);
    expect(await refusalOf(asked)).toBe('auth.oauth.changed');
    expect(await answerTo(id)).toMatchObject({ client: { name: 'Trusted' }, allowed: true });
  });

  it('changes, and is gone with what it was given', async () => {
    const made = await fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'public' }, person);
    expect(made).not.toHaveProperty('secret');
    const gone = await program(made.id);
    const tokens = await exchange(await codeFor({ by: gone }), gone);
    const redirectUris = ['https://app.example.com/other'];
    await fixture.call(oauth.changeOauthClient, { id: made.id, redirectUris }, person);
    expect((await begin({ by: gone })).answer.status).toBe(400);
    expect((await fixture.call(oauth.listOauthClients, {}, person)).items).toContainEqual({ ...made, redirectUris });
    await fixture.call(oauth.deleteOauthClient, { id: made.id }, person);
    expect(await refusalOf(use(tokens.access_token))).toBe('auth.unauthenticated');
    expect(await said(refresh(tokens.refresh_token, {}, gone))).toBe('invalid_client');
  });

  it.each([
    ...[
      'http://app.example.com/callback',
      'https://app.example.com/#x',
      'https://a:b@app.example.com/',
      'javascript:x',
    ],
    ...['https://*.example.com/', 'http://127.0.0.1.example.com/', 'myapp:/callback', 'https://app.example.com/ x'],
  ])('does not live at %s', async (uri) => {
    const asked = fixture.call(oauth.createOauthClient, { ...OTHER, redirectUris: [uri], kind: 'public' }, person);
    expect(await refusalOf(asked)).toBe('request.invalid');
  });

  it('is one of a hundred at most', async () => {
    const who = await someone();
    await fixture.database.query(
      `insert into auth.oauth_client select $1, 'ocl_' || n, 'x', 'public', '{https://x/}', null, now() from generate_series(1, 100) n`,
      [who.person.tenantId],
    );
    const asked = fixture.call(oauth.createOauthClient, { ...OTHER, kind: 'public' }, who.person);
    expect(await refusalOf(asked)).toBe('auth.oauth-client.too-many');
  });
});

describe('the protocol', () => {
  it('says what it offers, and no more', async () => {
    const metadata = cli.serverMetadata();
    expect(metadata).toMatchObject({
      ...{ issuer: SITE, code_challenge_methods_supported: ['S256'], response_types_supported: ['code'] },
      ...{ authorization_response_iss_parameter_supported: true, scopes_supported: [...oauth.grantableScopes] },
      response_modes_supported: ['query', 'fragment'],
    });
    expect(metadata).not.toHaveProperty('registration_endpoint');
    const resource = await speakTo(fixture)(`${SITE}/.well-known/oauth-protected-resource`);
    expect(await resource.json()).toMatchObject({ resource: SITE, authorization_servers: [SITE] });
  });

  it.each([
    ['password', { username: 'a', password: 'b' }],
    ['client_credentials', {}],
    ['urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion: 'e30.e30.' }],
  ])('knows no %s grant', async (grant, params) => {
    expect(await said(client.genericGrantRequest(cli, grant, params as never))).toBe('unsupported_grant_type');
  });

  it('keeps no secret it could be robbed of', async () => {
    const tokens = await tokensFor('run:read');
    const stored = await fixture.database.query<{ all: string }>(
      `select coalesce(string_agg(r::text, ''), '') || (select coalesce(string_agg(t::text, ''), '') from auth.oauth_token t) as all
       from auth.oauth_request r`,
    );
    expect(stored[0]!.all).not.toContain(tokens.refresh_token!);
  });

  it('forgets what is of no use any more, and nothing else', async () => {
    const kept = await tokensFor('run:read');
    await client.initiateDeviceAuthorization(cli, { scope: 'run:read' });
    await refusalOf(decide('BCDF-BCDF'));
    const count = async () => {
      const [row] = await fixture.database.query<Record<string, number>>(
        `select (select count(*)::int from auth.oauth_request where expires_at < now()) as requests,
          (select count(*)::int from auth.oauth_wrong_code where at < now() - interval '1 day') as codes,
          (select count(*)::int from auth.oauth_grant where expires_at < now()) as grants,
          (select count(*)::int from auth.oauth_signing_key) as keys`,
      );
      return row!;
    };
    await fixture.database.query(`update auth.oauth_request set expires_at = now() - interval '2 days'`);
    await fixture.database.query(`update auth.oauth_wrong_code set at = now() - interval '2 days'`);
    await fixture.database.query(
      `update auth.oauth_grant set expires_at = now() - interval '31 days' where revoked_at is not null`,
    );
    await fixture.database.query(`update auth.oauth_signing_key set signs_from = signs_from - interval '1 hour'`);
    const before = await count();
    for (const what of ['requests', 'codes', 'grants']) expect([what, before[what]]).not.toEqual([what, 0]);
    await sweepOauth(fixture.service.app.get(Database));
    expect(await count()).toEqual({ requests: 0, codes: 0, grants: 0, keys: 1 });
    await expect(refresh(kept.refresh_token)).resolves.toBeDefined();
  });

  it('is not spoken where nobody knows the address of the installation', () => {
    const server = new AuthorizationServer({ PUBLIC_URL: undefined }, ...([] as never as [never, never, never]));
    expect(() => server.issuer).toThrow(expect.objectContaining({ code: 'auth.oauth.unavailable' }));
  });
});
