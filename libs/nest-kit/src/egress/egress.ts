/**
 * The one way out, to places that configuration or a tenant named: resolves the name, checks every address it has, and
 * connects to those addresses and no other, so that a name cannot mean something else a moment later. Redirects are
 * not followed, credentials in URLs are refused, and a network the operator did not allow needs TLS.
 *
 * Names are asked of the name servers, each look-up by sockets of its own that are closed when its time is up. The
 * system's resolver would share a few threads between all tenants and could not be stopped.
 */
import { Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { AddressRules } from './address-rules.js';
import { responseOf, streamed } from './streamed.js';

/** An answer nobody reads is drained up to this size, for the connection's sake. */
const DRAIN_BYTES = 65_536;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}
/** Looks a name up until told to stop. */
export type Resolve = (host: string, stop: AbortSignal) => Promise<readonly ResolvedAddress[]>;

export interface EgressPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** For everything together: name, connection, answer. */
  readonly timeoutMs: number;
}

/** A request of a client that brings its own protocol. */
export interface EgressRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
}

/** A request whose answer is taken as it comes, and that its caller ends. */
export type EgressStream = Omit<EgressRequest, 'timeoutMs'> & { readonly signal: AbortSignal };

export interface EgressAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** The URL may not be called. The reason says nothing about names and addresses inside. */
export class EgressRefusedError extends Error {
  override readonly name = 'EgressRefusedError';
}

/** The host has no address, for now or at all; to whoever named it that is the same. */
export class EgressUnresolvedError extends EgressRefusedError {}

/** Names that mean this machine, and that no name server is asked about (RFC 6761). */
const THIS_MACHINE = /(^|\.)localhost\.?$/i;
const NOT_PUBLIC = 'the host has no public address';
const CONNECT_MS = 10_000;

/** What one name server has for one try. */
const DNS_TRY_MS = 1_500;
const DNS_TRIES = 2;

/** The addresses a name has in DNS; the machine's own name servers are asked unless others are named. */
export function dnsResolve(servers?: readonly string[]): Resolve {
  return async (host, stop) => {
    const resolver = new Resolver({ timeout: DNS_TRY_MS, tries: DNS_TRIES });
    if (servers) resolver.setServers(servers);
    stop.addEventListener('abort', () => resolver.cancel(), { once: true });
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer, i) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 })) : [],
    );
  };
}

/** Whether this process was told, as Node itself is, to go out through the proxy that its environment names. */
export const heedsProxy = (): boolean => process.env['NODE_USE_ENV_PROXY'] === '1';

export class Egress {
  private readonly rules: AddressRules;

  constructor(
    allowed: readonly string[],
    private readonly resolve: Resolve = dnsResolve(),
    /** Whether answers that are streamed come through the proxy that the environment names for them, if it does. */
    private readonly proxied = false,
  ) {
    this.rules = new AddressRules(allowed);
  }

  /** The addresses behind a URL that may be called. @throws EgressRefusedError, or the reason of `stop` */
  async admit(text: string, stop: AbortSignal): Promise<{ url: URL; addresses: readonly ResolvedAddress[] }> {
    const url = parse(text);
    const addresses = await this.admitHost(url.hostname, stop);
    if (url.protocol !== 'https:' && addresses.some(({ address }) => this.rules.verdict(address) === 'public'))
      throw new EgressRefusedError('https is required');
    return { url, addresses };
  }

  /**
   * The addresses of a host that may be connected to, for a client that brings its own protocol and its own TLS.
   *
   * @throws EgressRefusedError, or the reason of `stop`
   */
  async admitHost(host: string, stop: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const addresses = await Promise.race([this.addressesOf(host, stop), aborted(stop)]);
    const verdicts = addresses.map(({ address }) => this.rules.verdict(address));
    if (verdicts.length === 0) throw new EgressUnresolvedError(NOT_PUBLIC);
    if (verdicts.includes('refused')) throw new EgressRefusedError(NOT_PUBLIC);
    return addresses;
  }

  /**
   * Posts once and reports the status, whatever it is.
   *
   * @throws EgressRefusedError, or whatever the network failed with; `TimeoutError` when it took too long
   */
  post(text: string, post: EgressPost): Promise<number> {
    return this.send(text, { ...post, method: 'POST' }, async ({ statusCode, body }, signal) => {
      await body.dump({ limit: DRAIN_BYTES, signal }).catch(() => undefined);
      return statusCode;
    });
  }

  /** Posts once and reads the answer. @throws as `post` does, and Error for an answer of more than `maxBytes` */
  ask(text: string, post: EgressPost, maxBytes: number): Promise<EgressAnswer> {
    return this.send(text, { ...post, method: 'POST' }, async ({ statusCode, headers, body }) => {
      const contentType = String(headers['content-type'] ?? '');
      return { status: statusCode, contentType, bytes: await bounded(body, maxBytes) };
    });
  }

  /** Asks once, and answers as `fetch` does. @throws as `ask` does */
  fetch(text: string, request: EgressRequest, maxBytes: number): Promise<Response> {
    return this.send(text, request, async (answer) =>
      responseOf(answer, new Uint8Array(await bounded(answer.body, maxBytes))),
    );
  }

  /**
   * Asks once, and answers as `fetch` does while the answer still comes. It has no end but its own, that of `signal`, and
   * `maxBytes`, at which it fails.
   *
   * @throws EgressRefusedError, or whatever the network failed with; the reason of `signal`
   */
  async stream(text: string, { signal, ...request }: EgressStream, maxBytes: number): Promise<Response> {
    const url = parse(text);
    const agent = await this.streamingAgent(url, signal);
    try {
      const answer = await agent.request(optionsOf(url, { ...request, signal }));
      answer.body.once('close', () => void agent.destroy());
      return responseOf(answer, streamed(answer.body, maxBytes));
    } catch (error) {
      await agent.destroy();
      throw error;
    }
  }

  /** Behind a proxy names are the proxy's to resolve; addresses and what has no TLS are reached directly or not at all. */
  private async streamingAgent(url: URL, signal: AbortSignal): Promise<Dispatcher> {
    const { hostname, protocol, href } = url;
    if (this.proxied && protocol === 'https:' && !isIP(literalOf(hostname)) && !THIS_MACHINE.test(hostname)) {
      const lookup: LookupFunction = (host, options, done) =>
        void this.admit(href, signal).then(
          ({ addresses }) => pinned(addresses)(host, options, done),
          (error: Error) => done(error, ''),
        );
      return new EnvHttpProxyAgent({ connect: { lookup, timeout: CONNECT_MS } });
    }
    const { addresses } = await this.admit(href, signal);
    return new Agent({ connect: { lookup: pinned(addresses), timeout: CONNECT_MS } });
  }

  private async send<T>(
    text: string,
    { timeoutMs, ...request }: EgressRequest,
    read: (answer: Dispatcher.ResponseData, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { url, addresses } = await this.admit(text, signal);
    const agent = new Agent({ connect: { lookup: pinned(addresses), timeout: timeoutMs } });
    try {
      return await read(await agent.request(optionsOf(url, { ...request, signal })), signal);
    } finally {
      await agent.destroy();
    }
  }

  private async addressesOf(host: string, stop: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const literal = THIS_MACHINE.test(host) ? '127.0.0.1' : literalOf(host);
    const family = isIP(literal);
    return family ? [{ address: literal, family }] : this.resolve(host, stop).catch(() => []);
  }
}

/** A host as an address, if it is one. */
const literalOf = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

function optionsOf({ origin, pathname, search }: URL, { method, headers, body, signal }: EgressStream) {
  const path = pathname + search;
  return { ...{ origin, path, headers, signal, method }, ...(body === undefined ? {} : { body }) };
}

async function bounded(body: AsyncIterable<Buffer>, maxBytes: number): Promise<EgressAnswer['bytes']> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if ((size += chunk.length) > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new EgressRefusedError('not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new EgressRefusedError('https is required');
  if (url.username || url.password) throw new EgressRefusedError('credentials in the URL are not accepted');
  return url;
}

/** A resolver for the connection that knows the checked addresses only. */
const pinned =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first!.address, first!.family);
  };

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
