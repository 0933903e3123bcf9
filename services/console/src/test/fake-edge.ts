/**
 * An edge in front of one made-up tenant. It speaks the contracts: every request must fit its schema and every reply is
 * parsed by its own, so that the pages are tried with nothing the platform could not say.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import {
  ConclaveError,
  contracts,
  invitations,
  newId,
  passkeys,
  problemOf,
  runtime,
  type Contract,
  type ErrorCode,
} from '@conclave/contracts';
import { addApp, creationOptions, GOOD_CODE, LINK_SECRET, RECOVERY_CODES, requestOptions } from './fake-people.js';
import { handlersOf } from './fake-handlers.js';
import { API_KEY, type World } from './world.js';

/** What the real edge sends with its page. */
const NONCE = 'bm9uY2U';
const POLICY =
  `default-src 'none';script-src 'nonce-${NONCE}' 'strict-dynamic';style-src 'self' 'nonce-${NONCE}';` +
  "img-src 'self' data:;font-src 'self' data:;" +
  "connect-src 'self';manifest-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

type Routed = { readonly contract: Contract; readonly request: Record<string, unknown> };

export class FakeEdge {
  private readonly handlers;
  private readonly streams = new Set<ServerResponse>();
  private readonly refusals = new Map<string, ErrorCode>();
  private readonly signIns = new Set<string>();
  /** Pages repeat it with every write; each sign-in has another. */
  private word = 'word 1';
  /** The second factors that have to be shown before anything else, or before what is privileged. */
  asks: { readonly before: 'everything' | 'privileged'; readonly factors: readonly string[] } | undefined;
  /** Every write that was done: subject, body and idempotency key. */
  readonly writes: { subject: string; request: Record<string, unknown>; key: string | undefined }[] = [];

  private readonly listener = (request: IncomingMessage, response: ServerResponse): void =>
    void this.answer(request, response);

  /** Answers what comes to the server until it is closed; the next one may then be of the same address. */
  constructor(
    readonly world: World,
    private readonly server: Server,
    private readonly consoleDir: string,
  ) {
    this.handlers = handlersOf(world);
    server.on('request', this.listener);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Refuses an operation from now on, or no longer. */
  refuse(contract: Contract, code?: ErrorCode): void {
    if (code) this.refusals.set(contract.subject, code);
    else this.refusals.delete(contract.subject);
  }

  /** Ends every sign-in, as an operator can. */
  endSignIns(): void {
    this.signIns.clear();
  }

  /** Cuts all streams, as a replica that goes down does. */
  dropStreams(): void {
    for (const stream of this.streams) stream.destroy();
  }

  /** Lets the live run go on by so many events. */
  tell(count: number): void {
    const { world } = this;
    const told = world.toCome.splice(0, count);
    world.stories.get(world.live.id)?.push(...told);
    if (world.toCome.length === 0) this.endLiveRun();
    for (const stream of this.streams) for (const event of told) stream.write(frameOf(event));
    if (world.toCome.length === 0) for (const stream of this.streams) stream.end();
  }

  private endLiveRun(): void {
    const { live, end, decisions, results } = this.world;
    Object.assign(live, end.run);
    Object.assign(
      decisions.find(({ id }) => id === end.decision.id)!,
      end.decision,
    );
    results.set(live.id, end.result);
  }

  close(): void {
    this.server.off('request', this.listener);
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-security-policy', POLICY);
    try {
      const url = new URL(request.url ?? '/', this.url);
      if (url.pathname.startsWith('/v1/')) await this.api(request, response, url);
      else await this.file(url.pathname, response);
    } catch (thrown) {
      const error =
        thrown instanceof ConclaveError ? thrown : new ConclaveError('service.internal', {}, { cause: thrown });
      if (error.code === 'service.internal') console.error(thrown);
      const problem = problemOf(error);
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    }
  }

  private async file(path: string, response: ServerResponse): Promise<void> {
    const name = extname(path) === '' ? 'index.html' : path;
    const bytes = await readFile(join(this.consoleDir, name)).catch(() => undefined);
    const body = name === 'index.html' ? bytes?.toString().replaceAll('CSP-NONCE', NONCE) : bytes;
    const forGood = name.startsWith('/assets/') && bytes;
    response.setHeader('cache-control', forGood ? 'public, max-age=31536000, immutable' : 'no-cache');
    response
      .writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' })
      .end(body);
  }

  private async api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await bodyOf(request);
    const open = this.open.get(`${request.method} ${url.pathname}`);
    if (open) return open(body, response);
    const signIn = /conclave=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (request.headers.authorization !== undefined || !signIn || !this.signIns.has(signIn))
      throw new ConclaveError('auth.unauthenticated');
    if (request.method !== 'GET' && request.headers['x-conclave-csrf'] !== this.word)
      throw new ConclaveError('auth.csrf');
    if (url.pathname === '/v1/sign-ins/current' && request.method === 'PATCH') {
      const { id, name } = this.world.people.workspaces.find((one) => one.id === body['workspace'])!;
      Object.assign(this.world.me.workspace, { id, name });
      return sendJson(response, { csrf: this.word });
    }
    if (url.pathname === '/v1/sign-ins/current') {
      this.signIns.delete(signIn);
      return void response.writeHead(204).end();
    }
    if (this.shows(request.method ?? '', url.pathname, body, response)) return;
    const { contract, request: input } = routeOf(request.method ?? 'GET', url, body);
    this.refuseUnproven(contract);
    const refusal = this.refusals.get(contract.subject);
    if (refusal) throw new ConclaveError(refusal);
    if (contract.subject === runtime.streamRunEvents.subject) return this.stream(input, request, response);
    const reply = contract.reply.parse(await this.handlers(contract, contract.request.parse(input)));
    if (request.method !== 'GET')
      this.writes.push({
        subject: contract.subject,
        request: input,
        key: request.headers['idempotency-key'] as string,
      });
    const text = contract.http?.produces === 'text';
    response.writeHead(contract.http?.status ?? 200, { 'content-type': text ? 'text/plain' : 'application/json' });
    response.end(text ? reply : JSON.stringify(reply));
  }

  private refuseUnproven({ stepUp, whilePending }: Contract): void {
    const { before, factors } = this.asks ?? { factors: [] };
    if (before === 'everything' && !(whilePending && factors.length === 0))
      throw new ConclaveError('auth.second-factor.required', { factors: [...factors] });
    if (before === 'privileged' && stepUp) throw new ConclaveError('auth.step-up.required', { factors: [...factors] });
  }

  /** Takes a second factor, if that is what comes. */
  private shows(method: string, path: string, body: object, response: ServerResponse): boolean {
    const adds = path === '/v1/mfa/totp';
    if (method !== 'POST' || (!adds && path !== '/v1/sign-ins/current/step-up')) return false;
    const { code, totp = code, recoveryCode } = body as Record<'code' | 'totp' | 'recoveryCode', string | undefined>;
    if (totp !== GOOD_CODE && recoveryCode !== RECOVERY_CODES[0] && !('passkey' in body))
      throw new ConclaveError('auth.second-factor.refused');
    this.asks = undefined;
    this.word = `word ${Number(this.word.slice(5)) + 1}`;
    const recoveryCodes = adds ? { recoveryCodes: addApp(this.world.people) } : {};
    sendJson(response, {
      csrf: this.word,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...recoveryCodes,
    });
    return true;
  }

  /** What is asked before anybody is signed in. */
  private readonly open = new Map<string, (body: Record<string, unknown>, response: ServerResponse) => void>([
    ['POST /v1/sign-ins', (body, response) => this.signIn(body, response)],
    ['POST /v1/sign-ins/challenges', (_, response) => sendJson(response, { options: requestOptions() })],
    [
      'POST /v1/sign-in-options',
      ({ email = '' }, response) => {
        const found = this.world.connections.filter(({ emailDomains }) =>
          emailDomains.includes(String(email).split('@')[1]!),
        );
        const ways = found.map(({ name, urls, settings }) => ({ kind: settings.kind, name, login: urls.login }));
        sendJson(response, { connections: ways });
      },
    ],
    [
      'POST /v1/links/open',
      (body, response) => sendJson(response, { ...this.welcomeOf(body['link']), options: creationOptions() }),
    ],
  ]);

  private welcomeOf(link: unknown) {
    const { welcome } = this.world.people;
    if (link !== LINK_SECRET || !welcome) throw new ConclaveError('auth.link.invalid');
    return welcome;
  }

  private signIn(body: Record<string, unknown>, response: ServerResponse): void {
    const { people } = this.world;
    if ('passkey' in body) {
      const { passkey } = passkeys.signInWithPasskey.request.parse(body);
      if (!people.credentials.has(passkey.id)) throw new ConclaveError('auth.unauthenticated');
    } else if ('link' in body) {
      this.welcomeOf(body['link']);
      people.credentials.add(invitations.acceptLink.request.parse(body).registration.id);
      people.welcome = undefined;
    } else if (body['apiKey'] !== API_KEY) throw new ConclaveError('auth.unauthenticated');
    const secret = newId('signIn');
    this.signIns.add(secret);
    response.writeHead(201, {
      'content-type': 'application/json',
      'set-cookie': `conclave=${secret}; Path=/; HttpOnly; SameSite=Strict`,
    });
    response.end(JSON.stringify({ csrf: this.word, expiresAt: new Date(Date.now() + 3_600_000).toISOString() }));
  }

  private stream(
    { id, after = 0 }: { id?: string; after?: number },
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const seen = Number(request.headers['last-event-id'] ?? after);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    for (const event of this.world.stories.get(String(id)) ?? []) if (event.seq > seen) response.write(frameOf(event));
    if (id !== this.world.live.id || this.world.toCome.length === 0) return void response.end();
    this.streams.add(response);
    response.once('close', () => this.streams.delete(response));
  }
}

const sendJson = (response: ServerResponse, body: object): void =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const frameOf = (event: { seq: number; type: string }): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

function routeOf(method: string, url: URL, body: Record<string, unknown>): Routed {
  for (const contract of contracts) {
    const { http } = contract;
    if (http?.method !== method) continue;
    const pattern = new RegExp(`^${http.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const groups = pattern.exec(url.pathname)?.groups;
    if (!pattern.test(url.pathname)) continue;
    const named = Object.fromEntries(
      Object.entries(groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    return { contract, request: { ...Object.fromEntries(url.searchParams), ...body, ...named } };
  }
  throw new ConclaveError('route.unknown');
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
