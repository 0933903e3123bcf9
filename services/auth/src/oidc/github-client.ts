/** GitHub's OAuth, which has no discovery and no ID tokens: whose the token is, its API says. */
import { Egress } from '@conclave/nest-kit/egress';
import { Injectable } from '@nestjs/common';
import * as openid from 'openid-client';
import { z } from 'zod';
import type { Vouched } from '../connection-sign-ins/vouched.js';
import { githubAt } from '../connections/settings.js';
import { guardedFetch, refusing } from './guarded-fetch.js';
import type { ClientOf, CodeFlow, WayBack } from './oidc-client.js';

const githubUser = z.object({ id: z.number().int().positive(), login: z.string(), name: z.string().nullish() });
const githubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

@Injectable()
export class GithubClient {
  constructor(private readonly egress: Egress) {}

  /** @throws SignInRefusal */
  authorizationUrl(client: ClientOf<'github'>, state: string, { verifier }: CodeFlow): Promise<string> {
    return refusing(
      (async () => {
        const url = openid.buildAuthorizationUrl(this.configuration(client), {
          ...{ redirect_uri: client.callback, response_type: 'code', scope: 'read:user user:email', state },
          ...{ code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
        });
        return url.href;
      })(),
    );
  }

  /** The numeric id is the subject: logins are given up, and taken by others. @throws SignInRefusal */
  finish(client: ClientOf<'github'>, { query, state, verifier }: WayBack): Promise<Vouched> {
    return refusing(
      (async () => {
        const callback = new URL(`${client.callback}?${query}`);
        const { access_token: token } = await openid.authorizationCodeGrant(this.configuration(client), callback, {
          ...{ expectedState: state, pkceCodeVerifier: verifier },
        });
        const user = githubUser.parse(await this.ask(client, token, '/user'));
        const emails = githubEmails.parse(await this.ask(client, token, '/user/emails'));
        const email = emails.find(({ primary, verified }) => primary && verified)?.email;
        const name = user.name ?? user.login;
        return { subject: String(user.id), name, email, emailVerified: email !== undefined, until: undefined };
      })(),
    );
  }

  private configuration({ settings, secret }: ClientOf<'github'>): openid.Configuration {
    const { clientId } = settings;
    const { baseUrl } = githubAt(settings);
    const config = new openid.Configuration(
      {
        issuer: baseUrl,
        authorization_endpoint: new URL('/login/oauth/authorize', baseUrl).href,
        token_endpoint: new URL('/login/oauth/access_token', baseUrl).href,
      },
      clientId,
      {},
      openid.ClientSecretPost(secret),
    );
    config[openid.customFetch] = guardedFetch(this.egress);
    // The guard lets http through to networks that the operator allowed, and to no other.
    if (baseUrl.startsWith('http:')) openid.allowInsecureRequests(config);
    return config;
  }

  private async ask({ settings }: ClientOf<'github'>, token: string, path: string): Promise<unknown> {
    const headers = {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'conclave',
      'x-github-api-version': '2022-11-28',
    };
    const url = githubAt(settings).apiUrl.replace(/\/$/, '') + path;
    const response = await guardedFetch(this.egress)(url, {
      method: 'GET',
      headers,
      body: undefined,
      redirect: 'manual',
    });
    if (response.status !== 200) throw new Error(`GitHub answered ${response.status}`);
    return response.json();
  }
}
