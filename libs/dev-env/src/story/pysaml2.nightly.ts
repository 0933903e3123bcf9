/** pysaml2 as an identity provider: what is said is its own; the pages before it are of this test. */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '@conclave/nest-kit/testing';
import { Pysaml2 } from '../testing/pysaml2.js';
import { PASSWORD, signsPeopleIn, type ForeignIdp } from './foreign-idp.js';

signsPeopleIn('pysaml2', startForeignIdp);

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly page?: string;
}

const shown = (page: string): Answer => ({ status: 200, page });
const led = (location: string): Answer => ({ status: 302, location });

async function startForeignIdp(): Promise<ForeignIdp> {
  const port = await freePort();
  const desk = new Desk(new Pysaml2(`http://127.0.0.1:${port}`));
  const server = createServer((request, reply) => {
    const answered = desk.answer(request).catch((fault: unknown): Answer => ({ status: 500, page: String(fault) }));
    void answered.then(({ status, location, page = '' }) =>
      reply.writeHead(status, { 'content-type': 'text/html', ...(location && { location }) }).end(page),
    );
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const { base } = desk.idp;
  return {
    ...{ metadata: await desk.idp.ask(), leave: `${base}/leave`, left: `${base}/left` },
    know({ urls }, metadata, { encrypts = false, ...signed } = {}) {
      const partner = { acs: urls.callback, spEntityId: urls.entityId!, slo: urls.providerLogout! };
      const { signsResponse: signResponse = true, signsAssertion: signAssertion = true } = signed;
      const cipher = encrypts ? { encrypt: 'xmlenc#aes256-cbc' } : {};
      desk.partner = { ...partner, metadata, signResponse, signAssertion, ...cipher };
    },
    stop() {
      server.close();
      server.closeAllConnections();
      desk.idp.stop();
    },
  };
}

/** Where people say who they are; there is one browser, and who it is stays known until it leaves. */
class Desk {
  partner: { readonly slo: string; readonly [member: string]: unknown } = { slo: '' };
  private isKnown = false;

  constructor(readonly idp: Pysaml2) {}

  async answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url!, this.idp.base);
    const query = Object.fromEntries(searchParams);
    if (pathname === '/sso') return this.signIn(request, query);
    if (pathname === '/slo') return this.signOut(query);
    if (pathname === '/leave') return this.leave({ logout: 'order' });
    return pathname === '/left' ? shown('<h1>You are out everywhere</h1>') : { status: 404 };
  }

  private async signIn(request: IncomingMessage, query: object): Promise<Answer> {
    const said = new URLSearchParams(request.method === 'POST' ? await text(request) : '');
    this.isKnown ||= said.get('username') === 'ada' && said.get('password') === PASSWORD;
    if (!this.isKnown)
      return shown(
        '<form method="post"><input name="username"><input name="password"><button type="submit">In</button>',
      );
    return shown(await this.ask({ query, page: true }));
  }

  private async signOut(query: Record<string, string>): Promise<Answer> {
    if (query['SAMLResponse'] === undefined) return this.leave({ logout: 'answer', query });
    const { ok } = await this.ask<{ ok: boolean }>({ logout: 'read answer', query });
    return ok ? led(`${this.idp.base}/left`) : { status: 400 };
  }

  private async leave(question: object): Promise<Answer> {
    const { query } = await this.ask<{ query: string }>(question);
    this.isKnown = false;
    return led(`${this.partner.slo}?${query}`);
  }

  private ask<T = string>(question: object): Promise<T> {
    return this.idp.ask<T>({ ...this.partner, ...question });
  }
}
