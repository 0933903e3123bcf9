/** Signing in through identity providers, over the public edge: as programs do, and in a real browser. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { mailDomains, ReplyOf } from '@conclave/contracts';
import { chromium } from 'playwright-core';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { startDns, type TestDns } from '../testing/test-dns.js';
import { testIdp, type Said, type TestIdp } from '../testing/test-idp.js';
import { addAuthenticator } from './authenticator.js';
import { Jar, answerOf, type Connection } from './jar.js';
import { Api } from './program-voter.js';

/** A picture of one pixel. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';

const browserProgram = process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium';

describe('identity providers, over the public edge', () => {
  let platform: Connected;
  beforeAll(async () => {
    platform = await startConnected();
  }, 240_000);
  afterAll(() => platform?.stop(), 60_000);

  it('let a browser in that asked, by a page that posts again, and nobody else', async () => {
    const { connection, browse, respond } = platform;
    const ada = browse();
    const { requestId } = await ada.begin(connection);
    const response = await respond(requestId);
    const stranger = browse();
    expect((await stranger.post(connection, response, true)).status).toBe(403);
    const first = await ada.post(connection, response, false);
    expect([first.status, first.headers.getSetCookie()]).toEqual([200, []]);
    expect(await first.text()).toContain('name="SAMLResponse"');
    const second = await ada.post(connection, response, true);
    expect([second.status, second.headers.get('location')]).toEqual([303, '/runs#signed-in']);
    expect(second.headers.getSetCookie().join()).toMatch(/conclave=.*HttpOnly.*SameSite=Strict/);
    const { csrf } = (await (await ada.get('/v1/sign-ins/current')).json()) as { csrf: string };
    expect(csrf.length).toBeGreaterThan(20);
    expect(await (await ada.get('/v1/me')).json()).toMatchObject({ principal: { id: platform.principal } });
    expect((await ada.post(connection, response, true)).status).toBe(403);
  });

  it('are not believed whatever else they say: each answer is the same refusal, and no cookie', async () => {
    const { connection, browse, respond } = platform;
    const lies: Partial<Said>[] = [
      ...[{ signed: 'none' as const }, { algorithms: 'sha1' as const }, { status: 'Responder' }, { nameId: 'nobody' }],
      ...[{ audience: 'x' }, { recipient: 'x' }, { destination: 'x' }, { issuer: 'x' }, { assertionIssuer: 'x' }],
      ...[{ requestId: '_other' }, { validForMs: 1e11 }, { validForMs: -120_000 }, { nameId: 'ada<!-- -->x' }],
    ];
    const answers = new Set<string>();
    for (const lie of lies) {
      const browser = browse();
      const { requestId } = await browser.begin(connection);
      const answer = await browser.post(connection, await respond(requestId, lie), true);
      expect([lie, answer.status]).toEqual([lie, 403]);
      expect(answer.headers.getSetCookie().join()).not.toMatch(/conclave=[^;]/);
      answers.add(await answer.text());
    }
    expect([...answers].join()).toContain('auth.connection.refused');
    expect(answers.size).toBe(1);
    for (const [body, type, status] of [
      ['again=1&SAMLResponse=%%%', 'application/x-www-form-urlencoded', 403],
      ['again=1&SAMLResponse=x&SAMLResponse=y', 'application/x-www-form-urlencoded', 400],
      ['again=1&SAMLResponse=' + 'A'.repeat(400_000), 'application/x-www-form-urlencoded', 413],
      ['{}', 'application/json', 415],
    ] as const) {
      const answer = await fetch(new URL(new URL(connection.urls.callback).pathname, platform.origin), {
        ...{ method: 'POST', body, headers: { 'content-type': type } },
      });
      expect([body.slice(0, 40), answer.status]).toEqual([body.slice(0, 40), status]);
    }
  });

  it('let people in by OAuth, back to the browser that asked, and are gone at once when disabled', async () => {
    const { browse, api } = platform;
    const github = await startGithub();
    const settings = { kind: 'github', clientId: 'c', clientSecret: 's', baseUrl: github.url, apiUrl: github.url };
    const connection = await api.call<Connection>('POST', '/v1/connections', { name: 'GitHub', settings });
    const link = { principal: platform.principal, subject: '42' };
    await api.call('POST', `/v1/connections/${connection.id}/identities`, link);
    const ada = browse();
    const { state } = await ada.begin(connection);
    const callback = `/auth/oidc/${connection.id}/callback?code=good&state=${state}`;
    expect((await browse().get(callback)).status).toBe(403);
    expect((await ada.get(callback)).status).toBe(303);
    expect((await ada.get('/v1/me')).status).toBe(200);
    await api.call('PATCH', `/v1/connections/${connection.id}`, { enabled: false });
    const until = Date.now() + 5_000;
    while ((await ada.get('/v1/me')).status !== 401) expect(Date.now()).toBeLessThan(until);
    expect((await ada.get(`/auth/oidc/${connection.id}/login`)).status).toBe(403);
    stop(github.server);
  });

  it('sign people out, by words of their own that hold; all others are one refusal and end nothing', async () => {
    const { connection, browse, respond, idp } = platform;
    const path = new URL(connection.urls.providerLogout!).pathname;
    const slo = connection.urls.providerLogout!;
    const ada = browse();
    const { requestId } = await ada.begin(connection);
    await ada.post(connection, await respond(requestId), true);
    const elsewhere = browse();
    const form = (body: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(body) });
    const { query, post } = idp.logout({ slo });
    const old = idp.logout({ slo, issuedAgoMs: 3_600_000 });
    const answers = [
      await elsewhere.get(`${path}?${query.replace('Signature=', 'Signature=A')}`),
      await elsewhere.get(`${path}?${query}&more=1`),
      await elsewhere.get(`${path}?${old.query}`),
      await elsewhere.get(path),
      await elsewhere.send(path, form({ SAMLRequest: old.post })),
      await elsewhere.send(path, form({ SAMLRequest: `${post}AAAA` })),
      await elsewhere.send(path, form({})),
      await elsewhere.send(path, form({ SAMLResponse: post, again: '1' })),
    ];
    const said = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`));
    expect([new Set(said).size, said[0]]).toEqual([1, expect.stringMatching(/^400 .*auth\.logout\.refused/)]);
    expect((await ada.get('/v1/me')).status).toBe(200);
    const taken = await elsewhere.send(path, form({ SAMLRequest: post }));
    expect([taken.status, taken.headers.get('location')]).toEqual([303, expect.stringContaining(idp.sloUrl)]);
    const until = Date.now() + 5_000;
    while ((await ada.get('/v1/me')).status !== 401) expect(Date.now()).toBeLessThan(until);
    const back = `/auth/oidc/${connection.id}/backchannel-logout`;
    expect((await elsewhere.send(back, form({ logout_token: 'a.b.c' }))).status).toBe(400);
    expect((await elsewhere.send(back, form({}))).status).toBe(400);
    const left = await elsewhere.get(`/auth/oidc/${connection.id}/signed-out?state=x`);
    expect([left.status, left.headers.get('location')]).toEqual([303, '/']);
  });

  it('are shown to whoever asks for a tenant, or a domain that its DNS says is theirs, and publish what a provider has to know of us', async () => {
    const { origin, connection, api, dns } = platform;
    const ask = async (body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${origin}/v1/sign-in-options`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return [answer.status, await answer.json()] as const;
    };
    const { name, urls } = connection;
    expect(await ask({ email: 'ada@example.com' })).toEqual([200, { connections: [] }]);
    const { id, record } = await api.call<Claimed>('POST', '/v1/mail-domains', { domain: 'example.com' });
    dns.texts.set(record.name, [[record.value]]);
    expect(await api.call('POST', `/v1/mail-domains/${id}/check`)).toMatchObject({ state: 'proven' });
    expect(await ask({ email: 'ada@example.com' })).toEqual([
      200,
      { connections: [{ kind: 'saml', name, login: urls.login }] },
    ]);
    expect(await ask({ tenant: 'nobody' })).toEqual([200, { connections: [] }]);
    const metadata = await fetch(new URL(new URL(urls.entityId!).pathname, origin));
    expect(metadata.headers.get('content-type')).toContain('application/samlmetadata+xml');
    expect(await metadata.text()).toContain(`entityID="${urls.entityId}"`);
    const keyed = { kind: 'oidc', issuer: origin, clientId: 'c', clientAuthentication: 'private_key_jwt' };
    const oidc = await api.call<Connection>('POST', '/v1/connections', { name: 'by key', settings: keyed });
    const keysAt = async ({ id }: { id: string }) => fetch(`${origin}/auth/oidc/${id}/keys`);
    expect(await (await keysAt(oidc)).json()).toEqual({ keys: [expect.objectContaining({ kty: 'RSA', use: 'sig' })] });
    expect(oidc.urls.keys).toBe((await keysAt(oidc)).url);
    expect([(await keysAt(connection)).status, (await keysAt({ id: 'con_none' })).status]).toEqual([404, 404]);
    const page = await fetch(`${origin}/auth/saml/con_none/login`, { headers: { accept: 'text/html' } });
    expect([page.status, await page.text()]).toEqual([403, expect.stringContaining('The sign-in was refused.')]);
  });

  it('let a person in who takes emergency access, of which a webhook hears at once, and why', async () => {
    const { connection, browse, respond, api, principal } = platform;
    const receiver = await listen();
    const heard = new Promise<{ headers: IncomingHttpHeaders; body: string }>((done) => {
      receiver.on('request', (request, reply) => {
        void text(request).then((body) => done({ headers: request.headers, body }));
        reply.writeHead(204).end();
      });
    });
    receiver.unref();
    const hook = { url: `http://127.0.0.1:${portOf(receiver)}/`, events: ['break-glass.opened'] };
    const { secret } = await api.call<{ secret: string }>('POST', '/v1/webhooks', hook);
    const ada = browse();
    const { requestId } = await ada.begin(connection);
    await ada.post(connection, await respond(requestId), true);
    const { csrf } = (await (await ada.get('/v1/sign-ins/current')).json()) as { csrf: string };
    const headers = { 'content-type': 'application/json', 'x-conclave-csrf': csrf };
    const reason = 'the production database is full';
    const sent = { method: 'POST', headers, body: JSON.stringify({ reason, minutes: 5 }) };
    const opened = await ada.send('/v1/break-glass', sent);
    const { id, endsAt } = (await opened.json()) as { id: string; endsAt: string };
    expect(opened.status).toBe(201);
    const alert = await heard;
    expect(JSON.parse(alert.body)).toMatchObject({
      type: 'break-glass.opened',
      data: { breakGlass: id, principal, reason, endsAt },
    });
    const { 'webhook-id': no, 'webhook-timestamp': at, 'webhook-signature': signature } = alert.headers;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signed = createHmac('sha256', key)
      .update(`${String(no)}.${String(at)}.${alert.body}`)
      .digest('base64');
    expect(signature).toBe(`v1,${signed}`);
    stop(receiver);
  });

  (existsSync(browserProgram) ? it : it.skip)(
    'are found at the sign-in page beside the name, logo and colour of the tenant, as it shows itself',
    async () => {
      const { origin, api, connection } = platform;
      const branding = { displayName: 'Acme Works', accent: '#0b5d3b', logo: DOT };
      const { name } = await api.call<{ name: string }>('PATCH', '/v1/tenant', branding);
      const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
      await using browser = await chromium.launch({ executablePath: browserProgram, args });
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on(
        'console',
        (message) => message.text().includes('Content Security Policy') && faults.push(message.text()),
      );
      await page.goto(origin);
      const mark = page.getByRole('group', { name: 'Your organisation' });
      const way = page.getByRole('link', { name: `Sign in with ${connection.name}` });
      await page.getByLabel('Work e-mail or organisation').fill('nobody');
      await page.keyboard.press('Enter');
      await page.getByText('No provider is known for this.').waitFor();
      expect(await mark.count()).toBe(0);
      await page.getByLabel('Work e-mail or organisation').fill(name);
      await page.keyboard.press('Enter');
      await mark.getByText('Acme Works').waitFor();
      const inPage = <T>(element: string, what: string) =>
        page.evaluate<T>(`(async (element) => ${what})(document.querySelector('${element}'))`);
      const [door, link] = ['[aria-label="Your organisation"]', `a[href^="${connection.urls.login}"]`];
      await way.waitFor();
      const pictured = await inPage(`${door} img`, 'element.decode().then(() => element.naturalWidth)');
      const colours = [
        await inPage(link, 'getComputedStyle(element).backgroundColor'),
        await inPage(`${door} p`, 'getComputedStyle(element).borderLeftColor'),
      ];
      expect([pictured, ...colours]).toEqual([1, 'rgb(11, 93, 59)', 'rgb(11, 93, 59)']);
      expect(faults).toEqual([]);
    },
    60_000,
  );

  (existsSync(browserProgram) ? it : it.skip)(
    'let a person in, from another site, in a real browser, where they add a second factor, ask it of everybody, and close every other way in',
    async () => {
      const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
      await using browser = await chromium.launch({ executablePath: browserProgram, args });
      const page = await browser.newPage();
      const faults: string[] = [];
      const seen = new Set<string>();
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(platform.connection.urls.login);
      await page.getByRole('button', { name: 'I am Ada' }).click();
      await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
      expect(String(await page.evaluate('localStorage.getItem("conclave.csrf")')).length).toBeGreaterThan(20);
      expect(new URL(page.url()).hash).toBe('');
      await page.getByRole('button', { name: /account and appearance/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Yes, everywhere' }).click();
      await page.getByRole('heading', { level: 1, name: /Sign in/ }).waitFor();
      expect(new URL(page.url()).origin).toBe(platform.origin);
      await page.goto(platform.connection.urls.login);
      await page.getByRole('button', { name: 'I am Ada' }).click();
      await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
      await page.goto(`${platform.idp.entityId}?leave`);
      await page.getByRole('button', { name: 'Leave everything' }).click();
      await page.getByText('Conclave answered Success').waitFor();
      await page.goto(platform.origin);
      await page.getByRole('heading', { level: 1, name: /Sign in/ }).waitFor();
      await page.goto(platform.connection.urls.login);
      await page.getByRole('button', { name: 'I am Ada' }).click();
      await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();

      const button = (name: string) => page.getByRole('button', { name });
      const dialog = page.getByRole('dialog');
      const before = platform.browse();
      await before.signIn(platform.apiKey);
      expect((await before.get('/v1/me')).status).toBe(200);
      await page.goto(`${platform.origin}/you`);
      await addAuthenticator(page);
      await button('Add a passkey').click();
      await dialog.getByLabel('Name').fill('laptop');
      await page.keyboard.press('Enter');
      await page.getByRole('row', { name: /laptop/ }).waitFor();
      await button('Add an authenticator app').click();
      await button('Use a passkey').click();
      const secret = await dialog.locator('code').innerText();
      await dialog.getByRole('textbox', { name: 'Code' }).fill(totpOf(secret));
      await page.keyboard.press('Enter');
      await dialog.getByRole('listitem').first().waitFor();
      const codes = await dialog.getByRole('listitem').allInnerTexts();
      await button('I have kept them').click();
      await page.goto(`${platform.origin}/connections`);
      await button('Ask everybody for it').click();
      await dialog.getByRole('button', { name: 'Ask everybody for it' }).click();
      await page.getByText('Everybody shows a second factor').waitFor();

      const soon = Date.now() + 5_000;
      const codeOf = async (answer: Promise<Response>) => ((await (await answer).json()) as { code?: string }).code;
      while ((await codeOf(before.get('/v1/me'))) !== 'auth.second-factor.required')
        expect(Date.now()).toBeLessThan(soon);
      expect(await (await before.get('/v1/sign-ins/current')).json()).toMatchObject({
        secondFactor: ['totp', 'passkey', 'recovery-code'],
      });
      await platform.api.call('POST', '/v1/api-keys', { name: 'of a program' });

      await button('account and appearance').click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await button('Yes, everywhere').click();
      await page.getByRole('heading', { name: 'Sign in to Conclave' }).waitFor();
      await page.goto(platform.connection.urls.login);
      await button('I am Ada').click();
      await button('Use a recovery code').click();
      await page.getByLabel('Recovery code').fill(codes[0]!);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
      await page.goto(`${platform.origin}/connections`);
      await button('Let people in through providers only').click();
      await dialog.getByRole('button', { name: 'Let people in through providers only' }).click();
      await page.getByText('People come in through these providers only.').waitFor();
      const closed = await fetch(`${platform.origin}/v1/sign-ins`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiKey: platform.apiKey }),
      });
      expect([closed.status, await codeOf(Promise.resolve(closed))]).toEqual([403, 'auth.sign-in.providers-only']);

      const types = async () =>
        (await platform.api.call<{ items: { body: string }[] }>('GET', '/v1/audit/entries?limit=100')).items.map(
          ({ body }) => (JSON.parse(Buffer.from(body, 'base64').toString()) as { type: string }).type,
        );
      const told = [
        'totp.added',
        'recovery-codes.replaced',
        'recovery-code.used',
        'mfa-policy.changed',
        'sign-in-policy.changed',
      ];
      const until = Date.now() + 30_000;
      while (!told.every((type) => seen.has(type))) {
        for (const type of await types()) seen.add(type);
        expect(Date.now()).toBeLessThan(until);
      }
      expect(faults).toEqual([]);
    },
    120_000,
  );
});

type Claimed = ReplyOf<typeof mailDomains.claimMailDomain>;

interface Connected {
  readonly dns: TestDns;
  readonly origin: string;
  readonly apiKey: string;
  readonly principal: string;
  readonly connection: Connection;
  readonly api: Api;
  readonly idp: TestIdp;
  readonly respond: (requestId: string, lie?: Partial<Said>) => Promise<string>;
  readonly browse: () => Jar;
  stop(): Promise<void>;
}

/** An installation with a SAML provider on another site, who knows Ada. */
async function startConnected(): Promise<Connected> {
  const dns = await startDns();
  const platform: Constellation = await startConstellation({
    env: { EGRESS_ALLOW: '127.0.0.0/8', DNS_SERVERS: dns.address },
  });
  const origin = `http://localhost:${new URL(platform.gateway).port}`;
  const server = await listen();
  const idp = testIdp(`http://127.0.0.1:${portOf(server)}/metadata`);
  const api = new Api(origin, platform.apiKey);
  const settings = { kind: 'saml', metadata: idp.metadata };
  const given = { name: 'Example', settings, emailDomains: ['example.com'] };
  const connection = await api.call<Connection>('POST', '/v1/connections', given);
  const { principal } = await api.call<{ principal: { id: string } }>('GET', '/v1/me');
  const linked = { principal: principal.id, subject: 'ada' };
  await api.call('POST', `/v1/connections/${connection.id}/identities`, linked);
  playIdp(server, idp, connection);
  const respond = async (requestId: string, lie: Partial<Said> = {}) => answerOf(idp, connection, requestId, lie);
  return {
    ...{ origin, apiKey: platform.apiKey, principal: principal.id, connection, api, dns, idp, respond },
    browse: () => new Jar(origin),
    async stop() {
      stop(server);
      await platform.stop();
      await dns.stop();
    },
  };
}

/** What an authenticator app shows (RFC 6238): six digits of an HMAC over the half minute. */
function totpOf(base32: string): string {
  const bits = [...base32].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((byte) => parseInt(byte, 2)),
  );
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hmac = createHmac('sha1', key).update(step).digest();
  const word = hmac.readUInt32BE(hmac[19]! & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, '0');
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listen(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** The provider's page, where a person says who they are. */
function playIdp(server: Server, idp: TestIdp, connection: Connection): void {
  server.on('request', (request, reply) => {
    const { searchParams } = new URL(request.url ?? '', 'http://idp');
    const html = (status: number, body: string) =>
      void reply.writeHead(status, { 'content-type': 'text/html' }).end(body);
    const slo = connection.urls.providerLogout!;
    if (searchParams.has('leave'))
      return html(200, formTo(slo, { SAMLRequest: idp.logout({ slo }).post }, 'Leave everything'));
    const told = inflated(searchParams.get('SAMLResponse') ?? '');
    if (told !== '') return html(200, `<p>Conclave answered ${/status:(\w+)"/.exec(told)?.[1]}`);
    const asked = searchParams.get('SAMLRequest');
    if (request.url?.startsWith('/slo') && asked !== null) {
      const { post } = idp.logout({ slo, inResponseTo: /ID="([^"]+)"/.exec(inflated(asked))![1]! });
      return html(200, formTo(slo, { SAMLResponse: post }, 'Yes, everywhere'));
    }
    if (asked === null) return void reply.writeHead(404).end();
    const requestId = /ID="([^"]+)"/.exec(inflated(asked))?.[1] ?? '';
    void answerOf(idp, connection, requestId, {}).then((response) => {
      html(200, formTo(connection.urls.callback, { SAMLResponse: response, RelayState: '/' }, 'I am Ada'));
    });
  });
}

const inflated = (message: string): string =>
  message === '' ? '' : inflateRawSync(Buffer.from(message, 'base64')).toString();

function formTo(action: string, fields: Record<string, string>, word: string): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  return `<form method="post" action="${action}">${inputs.join('')}<button>${word}</button></form>`;
}

/** GitHub's wire, as far as a sign-in goes. */
async function startGithub(): Promise<{ url: string; server: Server }> {
  const server = await listen();
  const answers: Record<string, unknown> = {
    '/login/oauth/access_token': { access_token: 'x', token_type: 'bearer', scope: 'read:user' },
    '/user': { id: 42, login: 'ada', name: 'Ada' },
    '/user/emails': [],
  };
  server.on('request', (request, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, server };
}
