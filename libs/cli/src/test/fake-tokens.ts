import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** An authorization server as far as the command knows one: a refresh token is good once, then everything is over. */
export class FakeTokens {
  /** Access tokens that are good. */
  readonly good = new Set<string>();
  /** What was asked, oldest first. */
  readonly asked: {
    readonly endpoint: string;
    readonly form: Readonly<Record<string, string>>;
    readonly at: number;
  }[] = [];
  /** What the next polls of a device are told; after these it gets its tokens. */
  readonly answers: string[] = [];
  /** How long access tokens are good; the command renews those that end within half a minute. */
  lifetimeS = 300;
  private refreshToken: string | undefined;

  async serve(url: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const endpoint = path.slice('/oauth/'.length);
    this.asked.push({ endpoint, form, at: Date.now() });
    const [status, body] = this.answer(url, endpoint, form);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private answer(url: string, endpoint: string, form: Readonly<Record<string, string>>): [number, object] {
    if (form['client_id'] !== 'conclave-cli') return [401, { error: 'invalid_client' }];
    if (endpoint === 'device_authorization') {
      const address = `${url}/device`;
      const codes = { device_code: 'device', user_code: 'BCDF-GHJK', interval: 0.05, expires_in: 600 };
      return [
        200,
        { ...codes, verification_uri: address, verification_uri_complete: `${address}?user_code=BCDF-GHJK` },
      ];
    }
    if (endpoint === 'revoke') {
      this.end();
      return [200, {}];
    }
    if (form['grant_type'] !== 'refresh_token') {
      const error = this.answers.shift();
      return error === undefined ? this.give() : [400, { error }];
    }
    if (form['refresh_token'] === this.refreshToken) return this.give();
    this.end();
    return [400, { error: 'invalid_grant' }];
  }

  /** Everything that was given is over. */
  end(): void {
    this.good.clear();
    this.refreshToken = undefined;
  }

  private give(): [number, object] {
    const token = randomUUID();
    this.good.add(token);
    this.refreshToken = randomUUID();
    return [200, { access_token: token, refresh_token: this.refreshToken, expires_in: this.lifetimeS }];
  }
}
