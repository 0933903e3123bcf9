/** Whatever auth asks outside, it asks through the guard: every place inside, in every spelling, for each of them. */
import { describe, expect, it } from '@jest/globals';
import { Egress } from '@conclave/nest-kit/egress';
import { connectionsTried, hostileNames, hostileUrls } from '@conclave/nest-kit/testing';
import { auth0People } from '../directories/auth0-people.js';
import { TransitKeys } from '../data-keys/transit-keys.js';
import { Smtp } from '../mails/smtp.js';
import { GithubClient } from './github-client.js';
import { OidcClient } from './oidc-client.js';

const egress = new Egress([], hostileNames);
const callback = 'https://conclave.example.com/callback';
const way = { query: `code=x&state=${'s'.repeat(43)}`, state: 's'.repeat(43), verifier: 'v'.repeat(43), nonce: 'n' };

const mailAt = (url: string): string => url.replace(/^\s*https?:/, 'smtps:');
const isPublic = (url: string): boolean => /^(public\.example|93\.184\.215\.14)$/.test(URL.parse(url)?.hostname ?? '');

const features: readonly [string, (url: string) => Promise<unknown>][] = [
  [
    'an OpenID issuer',
    (issuer) =>
      new OidcClient(egress).probe({ kind: 'oidc', issuer, clientId: 'c', idTokenAlgorithm: 'RS256' } as never),
  ],
  [
    'GitHub’s own server',
    async (url) =>
      new GithubClient(egress).finish(
        { settings: { kind: 'github', clientId: 'c', baseUrl: url, apiUrl: url }, secret: 's', callback } as never,
        way,
      ),
  ],
  [
    'Auth0’s management',
    (url) => auth0People(egress, { kind: 'auth0', url, clientId: 'c' } as never, 'a-secret-of-the-client'),
  ],
  [
    'a mail server',
    async (url) => {
      const config = { SMTP_URL: mailAt(url), SMTP_FROM: 'conclave@example.com' };
      const mail = { id: 'mal_1', to: 'bo@example.com', subject: 'x', text: 'x', html: 'x' };
      await new Smtp(config, egress).send(mail);
    },
  ],
];

/** Without those that are hostile for what stands around the host alone: features that take an origin leave it out. */
const places = hostileUrls.filter((url) => !isPublic(url));

describe.each(features)('%s', (name, ask) => {
  // In a scheme that is not the web's, the parser reads some as a public host.
  const seen = name === 'a mail server' ? places.filter((url) => !isPublic(mailAt(url))) : places;
  it.each(seen)('is not asked at %j', async (url) => {
    expect(await connectionsTried(() => ask(url))).toBe(0);
  });
});

describe('Transit', () => {
  it('is not asked inside unless the operator allows it', async () => {
    const transit = new TransitKeys({ url: 'https://127.1/v1/transit', key: 'k', tokenFile: '/dev/null', allowed: [] });
    expect(await connectionsTried(() => transit.wrap(new Uint8Array(32), 'place'))).toBe(0);
  });
});
