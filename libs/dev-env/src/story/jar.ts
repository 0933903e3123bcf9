import { inflateRawSync } from 'node:zlib';
import type { ReplyOf, connections } from '@conclave/contracts';
import type { Said, TestIdp } from '../testing/test-idp.js';

export type Connection = ReplyOf<typeof connections.getConnection>;

/** A browser as far as cookies and redirects go. */
export class Jar {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly origin: string) {}

  async begin({ urls }: Connection): Promise<{ requestId: string; state: string }> {
    const answer = await this.get(`${new URL(urls.login).pathname}?returnTo=/runs`);
    const { searchParams } = new URL(answer.headers.get('location')!);
    const request = searchParams.get('SAMLRequest');
    const xml = request === null ? '' : inflateRawSync(Buffer.from(request, 'base64')).toString();
    return { requestId: /ID="([^"]+)"/.exec(xml)?.[1] ?? '', state: searchParams.get('state') ?? '' };
  }

  get(path: string): Promise<Response> {
    return this.send(path, {});
  }

  async signIn(apiKey: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await this.send('/v1/sign-ins', { method: 'POST', headers, body: JSON.stringify({ apiKey }) });
  }

  /** The provider's post, or the one from our own page after it. */
  post({ urls }: Connection, response: string, again: boolean): Promise<Response> {
    const body = new URLSearchParams({ SAMLResponse: response, RelayState: '/runs', ...(again ? { again: '1' } : {}) });
    return this.send(new URL(urls.callback).pathname, { method: 'POST', body });
  }

  /** The header that this browser sends. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(this.origin + path, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: this.cookie },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '') this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
    return answer;
  }
}

/** What the provider has the browser bring us. */
export async function answerOf(
  idp: TestIdp,
  { urls }: Connection,
  requestId: string,
  lie: Partial<Said>,
): Promise<string> {
  const xml = await idp.respond({ entityId: urls.entityId!, acs: urls.callback, requestId, nameId: 'ada', ...lie });
  return Buffer.from(xml).toString('base64');
}
