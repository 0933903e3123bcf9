/**
 * Streams between a client and the owner of a `stream` contract: uploads up, server-sent events down, WebSockets both
 * ways. Nothing is kept: bytes are passed on as they come, at the pace of the slower side, and either side's end ends
 * the other.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { ConclaveError, runtime, type Contract, type ServiceName } from '@conclave/contracts';
import { injectTrace, offersUpgrade, takeUpgrade, wireHeaders } from '@conclave/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent, request as send } from 'undici';
import type { CallTerms } from './call-terms.js';
import type { Admitted, Caller, Credentials } from './credentials.js';
import { takeTheRest } from './problems.js';
import { BYTES_TYPE, limitedBody, requireMediaType } from './request-input.js';
import { WebSocketTunnel, shakeHands } from './web-socket-tunnel.js';

/** Meant for one connection (RFC 9110, 7.6.1), for the edge alone, or forgeable. */
const KEPT_BACK = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'host', 'authorization', 'cookie', 'set-cookie', 'x-conclave-csrf'],
]);
const OWN_PREFIX = 'conclave-';
/** Owners send a comment into a quiet stream every few seconds; one that stays silent this long is gone. */
const SILENCE_MS = 60_000;
const CONNECT_MS = 2_000;
/** Streams a principal may have open at once at one replica: some tabs, and a busy pipeline. */
const OPEN_LIMIT = 32;
/** Whoever has that many open is told to come back after this long. */
const FULL_RETRY_S = 5;

export interface StreamExchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Admitted;
  readonly terms: CallTerms;
}

export class StreamProxy {
  private readonly agent = new Agent({ connectTimeout: CONNECT_MS, bodyTimeout: SILENCE_MS, headersTimeout: 0 });
  private readonly open = new Map<FastifyReply, Readable>();
  private readonly tunnels = new Set<WebSocketTunnel>();
  private readonly openBy = new Map<string, number>();

  constructor(
    private readonly credentials: Credentials,
    private readonly internalUrls: Readonly<Partial<Record<ServiceName, string>>>,
    private readonly limitBytes: number,
  ) {}

  /**
   * Lasts no longer than the credential that opened it.
   *
   * @throws ConclaveError `service.unavailable` | `request.deadline` | `request.too-large` | `request.media-type` |
   * `request.rate-limited` | `auth.unauthenticated`
   */
  async forward(contract: Contract, exchange: StreamExchange): Promise<void> {
    const { caller } = exchange;
    const leave = this.enter(caller);
    const over = new AbortController();
    const unwatch = this.credentials.watch(caller, contract.permission, () => over.abort());
    try {
      if (offersUpgrade(exchange.request)) await this.tunnel(contract, exchange, over.signal);
      else await this.exchange(contract, exchange, over.signal);
    } finally {
      unwatch();
      leave();
    }
  }

  /** Ends what is being streamed in good order, so that clients resume at another replica, and lets the owners go. */
  async close(): Promise<void> {
    for (const [reply, body] of this.open) {
      body.unpipe(reply.raw);
      reply.raw.end();
    }
    for (const tunnel of this.tunnels) tunnel.end(runtime.liveCloseCodes.draining);
    await Promise.all([...this.tunnels].map(({ closed }) => closed));
    await this.agent.destroy();
  }

  private async exchange(contract: Contract, exchange: StreamExchange, over: AbortSignal): Promise<void> {
    const { request, reply } = exchange;
    const upload = this.uploadOf(request);
    const { statusCode, headers, body } = await this.ask(contract, exchange, over, (url, own, signal) =>
      send(url, {
        method: request.method,
        headers: { ...passedOn(request.headers), ...own },
        body: upload ?? null,
        signal,
        dispatcher: this.agent,
      }),
    );
    await this.relay(reply, statusCode, headers, body);
    // An owner may answer before it has read everything: nobody waits for the rest.
    upload?.destroy();
    takeTheRest(request);
  }

  private async tunnel(contract: Contract, exchange: StreamExchange, over: AbortSignal): Promise<void> {
    const { request, reply } = exchange;
    const { response, upgrade } = await this.ask(contract, exchange, over, (url, own, signal) =>
      shakeHands(url, { ...passedOn(request.headers), ...own }, signal),
    );
    if (!upgrade) return this.relay(reply, response.statusCode ?? 502, response.headers, response);
    const head = switchingHead({ ...reply.getHeaders(), ...passedOn(response.headers) });
    const tunnel = new WebSocketTunnel(takeUpgrade(request, reply), upgrade, head, SILENCE_MS);
    this.tunnels.add(tunnel);
    const end = (): void => tunnel.end(runtime.liveCloseCodes.credential);
    if (over.aborted) end();
    over.addEventListener('abort', end);
    await tunnel.closed;
    this.tunnels.delete(tunnel);
  }

  /** Hands the owner's ordinary answer on. */
  private async relay(
    reply: FastifyReply,
    status: number,
    headers: IncomingHttpHeaders,
    body: Readable,
  ): Promise<void> {
    const all = { ...reply.getHeaders(), ...passedOn(headers) };
    reply.hijack();
    reply.raw.writeHead(status, all as Record<string, string>);
    reply.raw.flushHeaders();
    await this.pour(body, reply);
  }

  /** Counts one more open stream of the principal. @returns what counts it out again */
  private enter({ context }: Caller): () => void {
    const id = context.principal!.id;
    const open = this.openBy.get(id) ?? 0;
    if (open >= OPEN_LIMIT)
      throw new ConclaveError('request.rate-limited', { limit: OPEN_LIMIT, retryAfterS: FULL_RETRY_S });
    this.openBy.set(id, open + 1);
    return () => {
      const left = this.openBy.get(id)! - 1;
      if (left > 0) this.openBy.set(id, left);
      else this.openBy.delete(id);
    };
  }

  private uploadOf(request: FastifyRequest): Readable | undefined {
    if (request.method === 'GET') return undefined;
    requireMediaType(request.headers['content-type'], BYTES_TYPE);
    return Readable.from(limitedBody(request, this.limitBytes), { objectMode: false });
  }

  /** Asks the owner, until the deadline, the client or its credential is gone. */
  private async ask<T>(
    contract: Contract,
    { request, caller, terms }: StreamExchange,
    over: AbortSignal,
    sendTo: (url: URL, headers: Record<string, string>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const base = this.internalUrls[contract.owner];
    const unavailable = new ConclaveError('service.unavailable', { service: contract.owner });
    if (base === undefined) throw unavailable;
    const late = new AbortController();
    const alarm = setTimeout(() => late.abort(), terms.deadlineAt - Date.now());
    try {
      const signal = AbortSignal.any([late.signal, terms.gone, over]);
      return await sendTo(new URL(request.url, base), contextHeaders(caller, terms), signal);
    } catch (cause) {
      if (cause instanceof ConclaveError) throw cause;
      if (over.aborted) throw new ConclaveError('auth.unauthenticated', {}, { cause });
      if (late.signal.aborted || terms.gone.aborted)
        throw new ConclaveError('request.deadline', { service: contract.owner }, { cause });
      throw new ConclaveError(unavailable.code, unavailable.params, { cause });
    } finally {
      clearTimeout(alarm);
    }
  }

  private pour(body: Readable, reply: FastifyReply): Promise<void> {
    const { raw } = reply;
    this.open.set(reply, body);
    return new Promise((resolve) => {
      body.once('error', () => raw.destroy());
      raw.once('close', () => {
        this.open.delete(reply);
        body.destroy();
        resolve();
      });
      body.pipe(raw);
    });
  }
}

/** The context of the call, in place of the client's credential. */
function contextHeaders({ token }: Caller, { deadlineAt, idempotencyKey }: CallTerms): Record<string, string> {
  return {
    [wireHeaders.token]: token,
    [wireHeaders.deadline]: String(deadlineAt),
    ...(idempotencyKey === undefined ? {} : { [wireHeaders.idempotencyKey]: idempotencyKey }),
    ...injectTrace(),
  };
}

/** The head of the response that a WebSocket begins with (RFC 6455, 4.2.2). */
function switchingHead(headers: Readonly<Record<string, number | string | string[] | undefined>>): string {
  const lines = Object.entries({ ...headers, connection: 'Upgrade', upgrade: 'websocket' }).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

/** The headers that concern both ends. */
function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set(
    String(headers.connection ?? '')
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !KEPT_BACK.has(name) && !named.has(name) && !name.startsWith(OWN_PREFIX),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
