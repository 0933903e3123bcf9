import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';

/** The cookie that holds a sign-in. Pages cannot read it, and no other site can make a browser send it. */
export class SignInCookie {
  constructor(private readonly config: EdgeConfig) {}

  read(request: FastifyRequest): string | undefined {
    return request.cookies[this.nameFor(request)];
  }

  set(request: FastifyRequest, reply: FastifyReply, secret: string, expires: Date): void {
    reply.setCookie(this.nameFor(request), secret, { ...this.attributes(request), expires });
  }

  clear(request: FastifyRequest, reply: FastifyReply): void {
    reply.clearCookie(this.nameFor(request), this.attributes(request));
  }

  /** The cookie of a sign-in under way at a provider, which sends the browser back from its own site. */
  readFlow(request: FastifyRequest): string | undefined {
    return request.cookies[`${this.nameFor(request)}-flow`];
  }

  setFlow(request: FastifyRequest, reply: FastifyReply, secret: string, expires: Date): void {
    reply.setCookie(`${this.nameFor(request)}-flow`, secret, { ...this.flowAttributes(request), expires });
  }

  clearFlow(request: FastifyRequest, reply: FastifyReply): void {
    reply.clearCookie(`${this.nameFor(request)}-flow`, this.flowAttributes(request));
  }

  /** The cookie by which a browser is known, long after whoever signed in with it signed out. */
  readDevice(request: FastifyRequest): string | undefined {
    const value = request.cookies[`${this.nameFor(request)}-device`];
    return value !== undefined && value.length <= 100 ? value : undefined;
  }

  setDevice(request: FastifyRequest, reply: FastifyReply, device: string): void {
    const maxAge = 400 * 86_400;
    reply.setCookie(`${this.nameFor(request)}-device`, device, { ...this.flowAttributes(request), maxAge });
  }

  /** Whether a page of ours asks. Other pages of the site send the cookie, too, and may hear what a WebSocket says. */
  isOwnPage({ host, headers: { origin } }: FastifyRequest): boolean {
    const page = URL.parse(origin ?? '')?.host;
    const { PUBLIC_URL } = this.config;
    return page !== undefined && (page === host || (PUBLIC_URL !== undefined && page === new URL(PUBLIC_URL).host));
  }

  private attributes(request: FastifyRequest) {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.isSecure(request) } as const;
  }

  private flowAttributes(request: FastifyRequest) {
    return { ...this.attributes(request), sameSite: 'lax' } as const;
  }

  private nameFor(request: FastifyRequest): string {
    return this.isSecure(request) ? '__Host-conclave' : 'conclave';
  }

  /** Plain http is for development and for a production build tried on one's own machine. */
  private isSecure({ hostname }: FastifyRequest): boolean {
    const { PUBLIC_URL, NODE_ENV } = this.config;
    if (PUBLIC_URL) return PUBLIC_URL.startsWith('https:');
    return NODE_ENV === 'production' && !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
  }
}
