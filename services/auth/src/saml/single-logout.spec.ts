import { generateKeyPairSync } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { testIdp, type LogoutSaid } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { manglings, mutants } from '../testing/hostile-responses.js';
import type { SamlMessage } from './bindings.js';
import { SamlRefusal } from './saml-refusal.js';
import { SingleLogout } from './single-logout.js';

const base = 'https://conclave.example.com/auth/saml/con_1';
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const own = {
  ...{ entityId: `${base}/metadata`, acs: `${base}/acs`, slo: `${base}/slo` },
  privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  certificate: selfSignedCertificate(key, 'conclave', new Date(), 10),
};
const idp = testIdp();
const party = { idpEntityId: idp.entityId, certificates: [idp.certificate], sloUrl: idp.sloUrl };
const logout = new SingleLogout(party, own);
const said = { slo: own.slo };
const MINUTE = 60_000;

type Read = (message: SamlMessage, by?: SingleLogout) => string;
const reading =
  (read: (by: SingleLogout, message: SamlMessage) => string): Read =>
  (message, by = logout) => {
    try {
      return read(by, message);
    } catch (error) {
      if (error instanceof SamlRefusal) return 'refused';
      throw error;
    }
  };
const order = reading((by, message) => `signs out ${by.readRequest(message, Date.now()).subject}`);
const answer = reading((by, message) => String(by.readResponse(message, '_asked', Date.now())));
const redirect = (query: string): SamlMessage => ({ binding: 'redirect', query });
const post = (message: string): SamlMessage => ({ binding: 'post', message });
const base64 = (xml: string): string => Buffer.from(xml).toString('base64');
const both = (lie: Partial<LogoutSaid>): SamlMessage[] => {
  const { query, post: form } = idp.logout({ ...said, ...lie });
  return [redirect(query), post(form)];
};
const replaced = (from: string | RegExp, to: string) => (xml: string) => xml.replace(from, to);

/** One lie each, properly signed. */
const lies: Readonly<Record<string, Partial<LogoutSaid>>> = {
  'is for another address': { destination: 'https://other.example.com/slo' },
  'is for our other address': { destination: own.acs },
  'names no address': { message: replaced(/ Destination="[^"]*"/, '') },
  'comes from another issuer': { issuer: 'https://evil.example.com' },
  'comes from nobody': { message: replaced(/<saml:Issuer>.*<\/saml:Issuer>/, '<saml:Issuer/>') },
  'has no time': { message: replaced(/ IssueInstant="[^"]*"/, '') },
  'is old': { issuedAgoMs: 7 * MINUTE },
  'begins tomorrow': { issuedAgoMs: -1_440 * MINUTE },
  'has no id': { message: replaced(/ ID="[^"]*"/, '') },
  'has an id that is none': { message: replaced(/ ID="[^"]*"/, ' ID="a b"') },
  'is SAML 1.1': { message: replaced('Version="2.0"', 'Version="1.1"') },
  'is made with SHA-1': { algorithms: 'sha1' },
  'has a comment': { message: replaced('<saml:Issuer>', '<!-- --><saml:Issuer>') },
  'has a document type': { message: (xml) => `<!DOCTYPE x>${xml}` },
  'has a member nobody knows': { message: replaced(/(<\/samlp:Logout)/, '<samlp:Evil/>$1') },
  'has another message inside': {
    message: replaced(/(<\/samlp:Logout)/, '<samlp:Extensions><samlp:LogoutRequest/></samlp:Extensions>$1'),
  },
  'is longer than may be': {
    relayState: '',
    message: replaced('<saml:Issuer>', `${' '.repeat(262_144)}<saml:Issuer>`),
  },
};
const requestLies: typeof lies = {
  'has expired': { notOnOrAfterMs: -2 * MINUTE },
  'has no end': { message: replaced(' Destination', ' NotOnOrAfter="soon" Destination') },
  'names nobody': { message: replaced(/<saml:NameID.*<\/saml:NameID>/, '') },
  'names a blank': { nameId: ' ' },
  'names two': { message: replaced('<saml:NameID', '<saml:NameID>eve</saml:NameID><saml:NameID') },
  'names somebody by CDATA': { nameId: '<![CDATA[ada]]>' },
  'is an answer': { inResponseTo: '_asked' },
  'ends more sessions than there are': { sessions: Array.from({ length: 101 }, (_, i) => `_${i}`) },
};
const answerLies: typeof lies = {
  'answers another request': { inResponseTo: '_other' },
  'answers none': { message: replaced(/ InResponseTo="[^"]*"/, '') },
  'says nothing of success': { message: replaced(/<samlp:Status>.*<\/samlp:Status>/, '') },
};

describe('a sign-out of a provider', () => {
  it('is believed by redirect and by form, whole or of some sessions, under each key of a roll-over', () => {
    for (const message of both({ relayState: 'x y+z%' })) expect(order(message)).toBe('signs out ada');
    const read = (given: Partial<LogoutSaid>) => logout.readRequest(both(given)[0]!, Date.now());
    expect(read({ sessions: ['_1', '_2'], relayState: 'x y+z%' })).toMatchObject({
      sessions: ['_1', '_2'],
      relayState: 'x y+z%',
    });
    expect(read({ sessions: [], notOnOrAfterMs: MINUTE })).toMatchObject({ sessions: undefined });
    const next = testIdp(idp.entityId);
    const rolling = new SingleLogout({ ...party, certificates: [idp.certificate, next.certificate] }, own);
    for (const message of [redirect(next.logout(said).query), post(next.logout(said).post)])
      expect([order(message), order(message, rolling)]).toEqual(['refused', 'signs out ada']);
    expect(order(both({})[0]!, new SingleLogout({ ...party, sloUrl: undefined }, own))).toBe('refused');
  });

  it('answers ours when it says so, wholly or in part', () => {
    for (const message of both({ inResponseTo: '_asked' })) expect(answer(message)).toBe('true');
    for (const message of both({ inResponseTo: '_asked', status: 'Responder' })) expect(answer(message)).toBe('false');
  });

  it.each(Object.entries({ ...lies, ...requestLies }))('that %s is refused', (_, lie) => {
    expect(both(lie).map((message) => order(message))).toEqual(['refused', 'refused']);
  });

  it.each(Object.entries({ ...lies, ...answerLies }))('as an answer that %s is refused', (_, lie) => {
    expect(both({ inResponseTo: '_asked', ...lie }).map((message) => answer(message))).toEqual(['refused', 'refused']);
  });

  it('whose query is changed in any one place is refused', () => {
    const { query } = idp.logout({ ...said, relayState: 'here' });
    const [request, relay, algorithm, signature] = query.split('&') as [string, string, string, string];
    const other = idp.logout({ ...said, nameId: 'eve' }).query.split('&');
    const bomb = `SAMLRequest=${encodeURIComponent(deflateRawSync(Buffer.alloc(50_000_000, ' ')).toString('base64'))}`;
    const changed = [
      ...['', 'x', '=', '&', query.replace('SAMLRequest', 'SAMLResponse'), [request, relay, algorithm].join('&')],
      ...[
        [other[0], relay, algorithm, signature],
        [request, 'RelayState=there', algorithm, signature],
      ],
      ...[
        [request, algorithm, signature],
        [request, relay, signature],
        [relay, algorithm, signature],
      ],
      ...[
        [request, request, relay, algorithm, signature],
        [request, relay, algorithm, signature, other[0]],
      ],
      ...[
        [request, relay, algorithm, signature, 'SAMLResponse=x'],
        [request, relay, algorithm, signature, 'more=1'],
      ],
      ...[
        [request, relay, algorithm, signature, 'SAMLEncoding=none'],
        [bomb, relay, algorithm, signature],
      ],
      ...[
        [request, relay, algorithm, 'Signature='],
        [request, relay, algorithm, 'Signature=AAAA'],
      ],
      ...[
        [request, relay, algorithm.replace('sha256', 'sha512'), signature],
        [request, relay, 'SigAlg=none', signature],
      ],
      ...[
        // A bit of its last digit that stands for nothing.
        [
          request,
          relay,
          algorithm,
          signature.replace(/[AQgw](?=%3D%3D$)/, (last) => ({ A: 'B', Q: 'R', g: 'h' })[last] ?? 'x'),
        ],
        [request, relay, algorithm, `${signature}%`],
        [`${request}%20`, relay, algorithm, signature],
      ],
    ].map((parts) => (typeof parts === 'string' ? parts : parts.join('&')));
    for (const text of changed)
      expect([text.slice(0, 200), order(redirect(text))]).toEqual([text.slice(0, 200), 'refused']);
    for (let i = 0; i < query.length; i += 7)
      expect(order(redirect(query.slice(0, i) + (query[i] === 'A' ? 'B' : 'A') + query.slice(i + 1)))).toBe('refused');
  });

  it('whose form is changed in any one place is refused: every element, attribute and text', () => {
    const xml = Buffer.from(idp.logout({ ...said, notOnOrAfterMs: MINUTE }).post, 'base64').toString();
    const all = [...mutants(xml, 'LogoutRequest')];
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter((mutant) => order(post(base64(mutant))) !== 'refused')).toEqual([]);
    for (const [name, mangle] of Object.entries(manglings)) {
      const mangled = mangle(xml);
      if (mangled !== xml) expect([name, order(post(base64(mangled)))]).toEqual([name, 'refused']);
    }
    expect(order(post(base64(xml.replace(/<ds:Signature .*<\/ds:Signature>/, ''))))).toBe('refused');
    const wrapped = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_evil">${xml}</samlp:LogoutRequest>`;
    expect(order(post(base64(wrapped)))).toBe('refused');
  });
});
