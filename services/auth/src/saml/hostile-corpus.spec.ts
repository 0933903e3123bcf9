import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { testIdp, type LogoutSaid, type Said } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { knownAttacks } from '../testing/public-vectors/known-attacks.js';
import { logoutAnswers, logoutRequests, metadata, type LogoutVector } from '../testing/public-vectors/messages.js';
import * as nodeSaml from '../testing/public-vectors/node-saml.js';
import * as pythonSaml from '../testing/public-vectors/python3-saml.js';
import type { Vector } from '../testing/public-vectors/vector.js';
import { readIdpMetadata } from './idp-metadata.js';
import { SamlRefusal } from './saml-refusal.js';
import { ServiceProvider } from './service-provider.js';
import { SingleLogout } from './single-logout.js';
import { parseStrictXml } from './strict-xml.js';

const base = 'https://conclave.example.com/auth/saml/con_1';
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const own = {
  ...{ entityId: `${base}/metadata`, acs: `${base}/acs`, slo: `${base}/slo` },
  privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  certificate: selfSignedCertificate(key, 'conclave', new Date(), 10),
};
const idp = testIdp();
const stranger = testIdp(idp.entityId);
const party = { idpEntityId: idp.entityId, certificates: [idp.certificate], ssoUrl: idp.ssoUrl, sloUrl: idp.sloUrl };
const REQUEST = '_request-1';
const said: Said = { entityId: own.entityId, acs: own.acs, requestId: REQUEST };
const sp = new ServiceProvider({ ...party, requireEncryption: false }, own);
const logout = new SingleLogout(party, own);

/** Why it was refused, or who was believed. */
async function fate(read: () => unknown): Promise<string> {
  try {
    return `accepted: ${JSON.stringify(await read())}`;
  } catch (error) {
    if (!(error instanceof SamlRefusal)) throw error;
    const { reason, cause } = error;
    return reason === 'signature' && cause instanceof Error ? `${reason}: ${cause.message}` : reason;
  }
}
const fateOf = (xml: string) => fate(() => sp.read(Buffer.from(xml).toString('base64'), REQUEST, Date.now()));

async function build({ says, then, builds }: Vector): Promise<string[]> {
  if (builds) return [await builds({ idp, stranger, said, ownCertificate: own.certificate })];
  const ways = says?.signed ? [says.signed] : (['assertion', 'response', 'both'] as const);
  const xmls = await Promise.all(ways.map((signed) => idp.respond({ ...said, ...says, signed })));
  return xmls.map(then ?? ((xml) => xml));
}
const named = (vectors: readonly Vector[]) =>
  vectors.map((vector) => [`${vector.defect} (${vector.of.join(', ')})`, vector] as const);

describe('a response that is perfect but for one defect is refused for that:', () => {
  it('without the defect it is accepted', async () => {
    for (const signed of ['assertion', 'response', 'both'] as const) {
      expect(await fateOf(await idp.respond({ ...said, signed }))).toContain('accepted');
      const encrypted = { ...said, signed, encryptFor: own.certificate };
      expect(await fateOf(await idp.respond(encrypted))).toContain('accepted');
    }
    const qualified = `<saml:NameID SPNameQualifier="${own.entityId}" `;
    const ours = (xml: string) => xml.replace('<saml:NameID ', qualified);
    expect(await fateOf(await idp.respond({ ...said, assertion: ours }))).toContain('accepted');
  });

  it.each([
    ...named(pythonSaml.invalid),
    ...named(pythonSaml.others),
    ...named(nodeSaml.invalid),
    ...named(nodeSaml.others),
    ...named(knownAttacks),
  ])('%s', async (_defect, vector) => {
    for (const xml of await build(vector)) {
      const refusal = await fateOf(xml);
      expect([xml, refusal, refusal.startsWith(vector.refused)]).toEqual([xml, refusal, true]);
    }
  });
});

describe('a sign-out that is perfect but for one defect is refused for that:', () => {
  const messages = (kind: Partial<LogoutSaid>, { says, then }: LogoutVector) => {
    const { query, post } = idp.logout({ slo: own.slo, ...kind, ...says });
    const form = { binding: 'post', message: post } as const;
    if (!then) return [form, { binding: 'redirect', query } as const];
    const xml = then(Buffer.from(post, 'base64').toString());
    return [{ ...form, message: Buffer.from(xml).toString('base64') }];
  };

  it.each(logoutRequests.map((vector) => [`${vector.defect} (${vector.file})`, vector] as const))(
    '%s',
    async (_, vector) => {
      for (const message of messages({}, vector))
        expect(await fate(() => logout.readRequest(message, Date.now()))).toBe(vector.refused);
    },
  );

  it.each(logoutAnswers.map((vector) => [`${vector.defect} (${vector.file})`, vector] as const))(
    'as an answer, %s',
    async (_, vector) => {
      for (const message of messages({ inResponseTo: '_asked' }, vector)) {
        const said = await fate(() => logout.readResponse(message, '_asked', Date.now()));
        expect(said).toBe(vector.refused === false ? 'accepted: false' : vector.refused);
      }
    },
  );

  it('a redirect with an order and an answer, or with a member in another spelling (CVE-2025-27773 SimpleSAMLphp)', async () => {
    const { query } = idp.logout({ slo: own.slo });
    const other = idp.logout({ slo: own.slo, inResponseTo: '_asked', nameId: 'eve' }).query.split('&')[0]!;
    for (const text of [
      `${query}&${other}`,
      `${other}&${query}`,
      query.replace('SAMLRequest', 'SAML%52equest'),
      query.replace('SigAlg', 'sigalg'),
    ])
      expect([text, await fate(() => logout.readRequest({ binding: 'redirect', query: text }, Date.now()))]).toEqual([
        text,
        expect.stringMatching(/^(query|unsigned)$/),
      ]);
  });
});

describe('metadata that is perfect but for one defect is refused for that:', () => {
  it.each(metadata.map((vector) => [`${vector.defect} (${vector.file})`, vector] as const))(
    '%s',
    async (_, { then, refused }) => {
      const changed = then(idp.metadata);
      expect(changed).not.toBe(idp.metadata);
      expect(await fate(() => readIdpMetadata(changed, Date.now()))).toBe(refused);
    },
  );
});

describe('XML that parsers disagree about', () => {
  it.each([
    ...[
      '<a><b></b2></a>',
      '<a></a></a>',
      '<a><b></a></b>',
      '<a><b></B></a>',
      '<a/><b/>',
      '<a/>x',
      'x<a/>',
      '<a',
      '',
      'x',
    ],
    ...[
      '<a>&</a>',
      '<a>&amp</a>',
      '<a>&foo;</a>',
      '<a>&#0;</a>',
      '<a>&#xD800;</a>',
      '<a>&#xFFFF;</a>',
      '<a>&#1114112;</a>',
    ],
    ...[
      '<a x="&"/>',
      '<a x="<"/>',
      '<a x=1/>',
      '<a x/>',
      '<a x="1" x="2"/>',
      '<a x="1"y="2"/>',
      '<a>]]></a>',
      '<a></a x="1">',
    ],
    ...[
      '<a:b/>',
      '<a y:x="1"/>',
      '<a xmlns:b=""/>',
      '<a xmlns="1"/>',
      '<a xmlns:b="../x"/>',
      '<a xmlns:xmlns="urn:x"/>',
    ],
    '<a xmlns:b="urn:x" xmlns:c="urn:x" b:x="1" c:x="2"/>',
  ])('is not read: %s', async (xml) => {
    expect(await fate(() => parseStrictXml(xml))).toMatch(/^(malformed|characters|namespaces)$/);
  });

  it.each([
    '<a/>',
    ' <a >x<b c="&gt;>"/>y</a >\n',
    "<a b='\"&#xd;&#9;&quot;'/>",
    '<a xmlns="urn:x" xmlns:b="urn:y" b:c="1" c="2"/>',
    '<é ü="ß">&#x1F600;</é>',
  ])('is read otherwise: %s', (xml) => {
    expect(parseStrictXml(xml).nodeType).toBe(1);
  });
});
