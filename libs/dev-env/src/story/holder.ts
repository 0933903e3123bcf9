/** A person with one of everything that opens something, each watched from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { testIdp } from '../testing/test-idp.js';
import { Jar, answerOf, type Connection } from './jar.js';
import type { SlowAnswer, SlowModel } from './slow-model.js';

export interface Site {
  readonly origin: string;
  readonly adminKey: string;
  readonly model: SlowModel;
}

type Json = Readonly<Record<string, unknown>>;
/** Asks with a credential. @returns `good`, or the status and code of the refusal */
type Ask = () => Promise<string>;
const GOOD = 'good';
const ASK_EVERY_MS = 20;
const LIMIT_MS = 15_000;

export class Holder {
  /** What is asked with. */
  readonly asks = new Map<string, Ask>();
  /** What is open: how it ended, when it has. */
  private readonly open = new Map<string, { over: Promise<string>; ended?: string }>();
  private readonly cleanups: (() => void)[] = [];
  principal!: string;
  connection!: Connection;
  keyId!: string;
  client!: string;
  private jar: Jar;
  private csrf = '';
  private refreshToken = '';
  /** Runs by what set them to work. */
  private readonly runs = new Map<string, { id: string; answer: SlowAnswer }>();
  private hasLeft = false;

  private constructor(private readonly site: Site) {
    this.jar = new Jar(site.origin);
  }

  /** Comes by a directory, signs in through a provider, allows a program, has a key, sets a model to work, and watches. */
  static async arrive(site: Site, name: string): Promise<Holder> {
    const holder = new Holder(site);
    await holder.beProvisioned(name);
    await holder.signIn(name);
    const key = await holder.admin('POST', '/v1/api-keys', { name, principal: holder.principal });
    holder.keyId = String(key['id']);
    const byKey = new Jar(site.origin);
    await byKey.signIn(String(key['key']));
    const token = await holder.allowProgram(name);
    const ways = {
      cookie: { cookie: holder.jar.cookie, origin: site.origin },
      token: { authorization: `Bearer ${token}` },
      key: { authorization: `Bearer ${String(key['key'])}` },
    };
    for (const [by, headers] of Object.entries(ways)) holder.asks.set(by, () => holder.me(headers));
    holder.asks.set('cookie of the key', () => holder.me({ cookie: byKey.cookie }));
    holder.asks.set('refresh token', () => holder.refresh());
    const watched = await holder.admin('POST', '/v1/runs', { agent: 'human', input: { question: name } });
    for (const [by, headers] of Object.entries(ways)) {
      await holder.follow(`SSE by ${by}`, String(watched['id']), headers);
      await holder.listen(`WebSocket by ${by}`, String(watched['id']), headers);
    }
    const pages = {
      cookie: { ...ways.cookie, 'x-conclave-csrf': holder.csrf },
      'cookie of the key': { cookie: byKey.cookie, origin: site.origin, 'x-conclave-csrf': await csrfOf(byKey) },
    };
    for (const [by, headers] of Object.entries({ ...ways, ...pages })) await holder.setToWork(by, headers, name);
    return holder;
  }

  /** @returns how long each took from when `by` began */
  async loses(dies: Readonly<Record<string, string>>, by: () => Promise<unknown>): Promise<Map<string, number>> {
    const began = performance.now();
    const tookMs = new Map<string, number>();
    const watches = Object.entries(dies).map(async ([name, how]) => {
      const said = await (this.open.get(name)?.over ?? this.refusalOf(name));
      tookMs.set(name, performance.now() - began);
      expect([name, said]).toEqual([name, how]);
    });
    await by();
    await Promise.all(watches);
    return tookMs;
  }

  async stillHas(which: (name: string) => boolean): Promise<void> {
    for (const [name, ask] of this.asks) if (which(name)) expect([name, await ask()]).toEqual([name, GOOD]);
    for (const [name, { ended }] of this.open) if (which(name)) expect([name, ended]).toEqual([name, undefined]);
  }

  async hasAgain(names: readonly string[]): Promise<void> {
    const until = Date.now() + LIMIT_MS;
    for (const name of names)
      while ((await this.asks.get(name)!()) !== GOOD) expect([name, Date.now() < until]).toEqual([name, true]);
  }

  /** The model answers, and that is the end of the runs. */
  async finishesItsRuns(): Promise<void> {
    for (const { answer } of this.runs.values()) answer.say('done');
    const until = Date.now() + LIMIT_MS;
    const state = async (id: string) => (await this.admin('GET', `/v1/runs/${id}`))['state'];
    for (const { id } of this.runs.values())
      while ((await state(id)) !== 'completed') expect(Date.now()).toBeLessThan(until);
  }

  async stopProgram(): Promise<void> {
    const [{ id }] = (await this.page('GET', '/v1/grants'))['items'] as [{ id: string }];
    await this.page('DELETE', `/v1/grants/${id}`);
  }

  leave(): void {
    this.hasLeft = true;
    for (const cleanup of this.cleanups) cleanup();
  }

  async admin(method: string, path: string, body?: object, as = { key: this.site.adminKey }): Promise<Json> {
    const type = path.startsWith('/scim') ? 'application/scim+json' : 'application/json';
    const headers = { authorization: `Bearer ${as.key}`, ...(body && { 'content-type': type }) };
    return answered(method, path, await this.fetch(path, { method, headers, ...(body && { body: text(body) }) }));
  }

  private async beProvisioned(name: string): Promise<void> {
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const { id } = await this.admin('POST', '/scim/v2/Users', { schemas, userName: name });
    this.principal = String(id);
    await this.admin('PATCH', `/v1/members/${this.principal}`, { role: 'developer' });
  }

  private async signIn(name: string): Promise<void> {
    const idp = testIdp();
    const settings = { kind: 'saml', metadata: idp.metadata };
    const connection = await this.admin('POST', '/v1/connections', { name, settings });
    this.connection = connection as unknown as Connection;
    const identity = { principal: this.principal, subject: 'ada' };
    await this.admin('POST', `/v1/connections/${this.connection.id}/identities`, identity);
    const { requestId } = await this.jar.begin(this.connection);
    await this.jar.post(this.connection, await answerOf(idp, this.connection, requestId, {}), true);
    this.csrf = await csrfOf(this.jar);
  }

  /** @returns an access token */
  private async allowProgram(name: string): Promise<string> {
    const program = { name, kind: 'public', redirectUris: ['https://app.example.com/callback'] };
    this.client = String((await this.admin('POST', '/v1/oauth-clients', program))['id']);
    const device = await this.program('device_authorization', { scope: 'run:read run:create self:read' });
    const userCode = device['user_code'];
    const { shown } = await this.page('POST', '/v1/device-codes/open', { userCode });
    await this.page('POST', '/v1/device-codes/decide', { userCode, allow: true, shown });
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    const tokens = await this.program('token', { grant_type, device_code: String(device['device_code']) });
    this.refreshToken = String(tokens['refresh_token']);
    return String(tokens['access_token']);
  }

  private async setToWork(by: string, headers: Record<string, string>, name: string): Promise<void> {
    const prompt = `prompt by ${by} of ${name}.`;
    const asked = this.site.model.asked(prompt);
    const body = text({ agent: 'model', input: { prompt } });
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
    const { id } = await answered('POST', '/v1/runs', await this.fetch('/v1/runs', init));
    const answer = await asked;
    this.runs.set(by, { id: String(id), answer });
    const abandoned = answer.abandoned.then(async () => {
      if (this.hasLeft) return 'left';
      const { state } = await this.admin('GET', `/v1/runs/${String(id)}`);
      return `${String(state)}, and its model call is abandoned`;
    });
    this.watch(`run by ${by}`, abandoned);
  }

  private async follow(name: string, run: string, headers: Record<string, string>): Promise<void> {
    const hangUp = new AbortController();
    this.cleanups.push(() => hangUp.abort());
    const response = await this.fetch(`/v1/runs/${run}/events`, { headers, signal: hangUp.signal });
    expect([name, response.status]).toEqual([name, 200]);
    const drained = response.text();
    this.watch(
      name,
      drained.then(
        () => 'ended',
        () => 'cut',
      ),
    );
  }

  private async listen(name: string, run: string, headers: Record<string, string>): Promise<void> {
    const address = `${this.site.origin.replace('http', 'ws')}/v1/runs/${run}/events`;
    const socket = new (WebSocket as unknown as new (url: string, options: object) => WebSocket)(address, { headers });
    this.cleanups.push(() => socket.close());
    await new Promise((done, failed) => {
      socket.addEventListener('open', done);
      socket.addEventListener('error', failed);
    });
    const over = new Promise<string>((ended) =>
      socket.addEventListener('close', ({ code }) => ended(`closed with ${code}`)),
    );
    this.watch(name, over);
  }

  private watch(name: string, over: Promise<string>): void {
    const watched: { over: Promise<string>; ended?: string } = { over };
    over.then(
      (how) => (watched.ended = how),
      () => (watched.ended = 'lost sight of'),
    );
    this.open.set(name, watched);
  }

  private async refusalOf(name: string): Promise<string> {
    const ask = this.asks.get(name)!;
    for (const until = Date.now() + LIMIT_MS; Date.now() < until; await sleep(ASK_EVERY_MS)) {
      const said = await ask();
      if (said !== GOOD) return said;
    }
    return 'never refused';
  }

  /** Of a route that another owner than auth answers, so that it is the edge that knows. */
  private async me(headers: Record<string, string>): Promise<string> {
    return wordOf(await this.fetch('/v1/runs?limit=1', { headers }));
  }

  private async refresh(): Promise<string> {
    const response = await this.speak('token', { grant_type: 'refresh_token', refresh_token: this.refreshToken });
    if (!response.ok) return wordOf(response);
    this.refreshToken = String(((await response.json()) as Json)['refresh_token']);
    return GOOD;
  }

  private async program(endpoint: string, form: Record<string, string>): Promise<Json> {
    return answered('POST', endpoint, await this.speak(endpoint, form));
  }

  private speak(endpoint: string, form: Record<string, string>): Promise<Response> {
    const body = new URLSearchParams({ client_id: this.client, ...form });
    return this.fetch(`/oauth/${endpoint}`, { method: 'POST', body });
  }

  private async page(method: string, path: string, body?: object): Promise<Json> {
    const headers = { 'x-conclave-csrf': this.csrf, ...(body && { 'content-type': 'application/json' }) };
    return answered(method, path, await this.jar.send(path, { method, headers, ...(body && { body: text(body) }) }));
  }

  private fetch(path: string, init: RequestInit): Promise<Response> {
    return fetch(this.site.origin + path, init);
  }
}

const text = (body: object): string => JSON.stringify(body);

async function csrfOf(jar: Jar): Promise<string> {
  return String((await answered('GET', '/v1/sign-ins/current', await jar.get('/v1/sign-ins/current')))['csrf']);
}

async function answered(method: string, path: string, response: Response): Promise<Json> {
  const said = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${said}`);
  return JSON.parse(said) as Json;
}

async function wordOf(response: Response): Promise<string> {
  const { code, error } = (await response.json().catch(() => ({}))) as Json;
  return response.ok ? GOOD : `${response.status} ${String(code ?? error)}`;
}
