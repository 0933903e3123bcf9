import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { lies, manglings, mutants, twoAssertions, wrappings } from '../testing/hostile-responses.js';
import { testIdp, type Said } from '@conclave/dev-env/testing';
import { readIdpMetadata } from './idp-metadata.js';
import { SamlRefusal } from './saml-refusal.js';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { ServiceProvider, type SamlParty } from './service-provider.js';
import { spMetadata } from './sp-metadata.js';

const base = 'https://conclave.example.com/auth/saml/con_1';
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const own = {
  ...{ entityId: `${base}/metadata`, acs: `${base}/acs`, slo: `${base}/slo` },
  privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  certificate: selfSignedCertificate(key, 'conclave', new Date(), 10),
};
const idp = testIdp();
const party: SamlParty = {
  idpEntityId: idp.entityId,
  ssoUrl: idp.ssoUrl,
  certificates: [idp.certificate],
  requireEncryption: false,
};
const REQUEST = '_request-1';
const said: Said = { entityId: own.entityId, acs: own.acs, requestId: REQUEST };
const base64 = (xml: string): string => Buffer.from(xml).toString('base64');
const sp = new ServiceProvider(party, own);
const read = (xml: string, by = sp) => by.read(base64(xml), REQUEST, Date.now());

/** Why it was refused; anything but a refusal of ours fails the test. */
async function refusal(xml: string, by = sp): Promise<string> {
  try {
    const { subject } = await read(xml, by);
    return `accepted as ${subject}`;
  } catch (error) {
    if (error instanceof SamlRefusal) return 'refused';
    throw error;
  }
}

describe('a SAML response', () => {
  let signedResponse: string;
  let signedAssertion: string;
  let both: string;
  beforeAll(async () => {
    signedResponse = await idp.respond({ ...said, signed: 'response', attributes: { mail: 'ada@example.com' } });
    signedAssertion = await idp.respond({ ...said, signed: 'assertion' });
    both = await idp.respond({ ...said, attributes: { mail: 'ada@example.com' } });
  });

  it('is believed when it is signed as a whole, in its assertion, or both, and says who it is', async () => {
    for (const xml of [signedResponse, signedAssertion, both])
      expect(await read(xml)).toMatchObject({ subject: 'ada', sessionIndex: '_session-1' });
    expect((await read(both)).attributes.get('mail')).toEqual(['ada@example.com']);
    expect((await read(`<?xml version="1.0" encoding="UTF-8"?>\n${both}`)).subject).toBe('ada');
  });

  it('is believed when it is encrypted for us, and only then when the connection says so', async () => {
    const strict = new ServiceProvider({ ...party, requireEncryption: true }, own);
    for (const signed of ['assertion', 'response', 'both'] as const) {
      const xml = await idp.respond({ ...said, signed, encryptFor: own.certificate });
      expect(xml).not.toContain('NameID');
      expect([signed, (await read(xml, strict)).subject]).toEqual([signed, 'ada']);
    }
    expect(await refusal(both, strict)).toBe('refused');
    for (const lie of [
      { signed: 'none', encryptFor: own.certificate },
      { encryptFor: idp.certificate },
      { encryptFor: own.certificate, cipher: 'tripledes-cbc' },
      { encryptFor: own.certificate, signed: 'assertion', algorithms: 'sha1' },
      { encryptFor: own.certificate, signed: 'assertion', audience: 'https://other.example.com' },
    ] as const)
      expect([lie, await refusal(await idp.respond({ ...said, ...lie }))]).toEqual([lie, 'refused']);
  });

  it('may be encrypted by a cipher that notices no change where the whole response is signed', async () => {
    const strict = new ServiceProvider({ ...party, requireEncryption: true }, own);
    for (const cipher of ['aes128-cbc', 'aes256-cbc'] as const) {
      const encrypted = { ...said, encryptFor: own.certificate, cipher };
      for (const signed of ['response', 'both'] as const)
        expect([signed, (await read(await idp.respond({ ...encrypted, signed }), strict)).subject]).toEqual([
          signed,
          'ada',
        ]);
      for (const signed of ['assertion', 'none'] as const)
        expect([signed, await refusal(await idp.respond({ ...encrypted, signed }))]).toEqual([signed, 'refused']);
      const foreign = await testIdp(idp.entityId).respond({ ...encrypted, signed: 'response' });
      expect(await refusal(foreign)).toBe('refused');
    }
  });

  it('is good for two hours at most, by its conditions and its confirmation', async () => {
    const validForMs = (2 * 60 - 5) * 60_000;
    for (const signed of ['assertion', 'response'] as const)
      expect((await read(await idp.respond({ ...said, signed, validForMs }))).subject).toBe('ada');
    const longer = await idp.respond({ ...said, validForMs: validForMs + 10 * 60_000 });
    await expect(read(longer)).rejects.toThrow('validity');
  });

  it('is not decrypted before its signature is verified', async () => {
    const encrypted = { ...said, encryptFor: own.certificate, cipher: 'aes256-cbc' } as const;
    const flipped = (xml: string): string =>
      xml.replaceAll(
        /(<(?:\w+:)?CipherValue>)(.)/g,
        (_, tag: string, first: string) => tag + (first === 'A' ? 'B' : 'A'),
      );
    const xml = await idp.respond({ ...encrypted, signed: 'response' });
    expect(flipped(xml)).not.toBe(xml);
    // A decryptor that failed would be the cause.
    const fate = (response: string) =>
      read(response).then(
        () => 'accepted',
        ({ reason, cause }: SamlRefusal) => [reason, cause !== undefined],
      );
    expect(await fate(flipped(xml))).toEqual(['signature', false]);
    expect(await fate(await idp.respond({ ...encrypted, signed: 'response', sealed: flipped }))).toEqual([
      'signature',
      true,
    ]);
    const stripped = xml.replace(/<ds:Signature [^]*?<\/ds:Signature>/, '');
    expect(await fate(stripped)).toEqual(['encrypted by CBC in an unsigned response', false]);
  });

  it('is believed under each of the keys that a roll-over has at once, and under no other', async () => {
    const next = testIdp(idp.entityId);
    const signedByNext = await next.respond(said);
    expect(await refusal(signedByNext)).toBe('refused');
    const rolling = new ServiceProvider({ ...party, certificates: [idp.certificate, next.certificate] }, own);
    expect((await read(signedByNext, rolling)).subject).toBe('ada');
    expect((await read(both, rolling)).subject).toBe('ada');
  });

  it.each(Object.keys(wrappings))('wrapped as %s is refused', async (shape) => {
    const wrapped = wrappings[shape]!(signedResponse, signedAssertion);
    expect(wrapped).toContain('evil');
    expect(await refusal(wrapped)).toBe('refused');
    expect(await refusal(wrappings[shape]!(both, both))).toBe('refused');
  });

  it.each(Object.keys(lies))('that %s is refused, however it is signed', async (lie) => {
    for (const signed of ['assertion', 'response'] as const)
      expect([signed, await refusal(await idp.respond({ ...said, signed, ...lies[lie] }))]).toEqual([
        signed,
        'refused',
      ]);
  });

  it.each(Object.keys(manglings))('with %s is refused', async (what) => {
    for (const xml of [signedResponse, signedAssertion, both])
      expect(await refusal(manglings[what]!(xml))).toBe('refused');
  });

  it('with two assertions, signed by a stranger, or in another coding is refused', async () => {
    expect(await refusal(await twoAssertions(idp, said))).toBe('refused');
    expect(await refusal(await testIdp(idp.entityId).respond(said))).toBe('refused');
    for (const text of ['', 'x', '!!!!', `${base64(both)}=`, Buffer.from(both, 'utf16le').toString('base64')])
      await expect(sp.read(text, REQUEST, Date.now())).rejects.toThrow(SamlRefusal);
    await expect(sp.read(base64(both), REQUEST, Date.now() + 10 * 60_000)).rejects.toThrow('expired');
    await expect(sp.read(base64(both), undefined, Date.now())).rejects.toThrow('request');
  });

  it('changed in any one place is refused: every element, attribute and text', async () => {
    const all = [...mutants(signedResponse, 'Response'), ...mutants(signedAssertion, 'Assertion')];
    expect(all.length).toBeGreaterThan(300);
    const believed = [];
    for (const mutant of all) if ((await refusal(mutant)) !== 'refused') believed.push(mutant);
    expect(believed).toEqual([]);
  });
});

describe('metadata', () => {
  it('of a provider is read, and refused when it says too little or too much', () => {
    expect(readIdpMetadata(idp.metadata, Date.now())).toEqual({
      idpEntityId: idp.entityId,
      ssoUrl: idp.ssoUrl,
      sloUrl: idp.sloUrl,
      certificates: [idp.certificate],
    });
    for (const [from, to] of [
      ['<md:IDPSSODescriptor', '<md:SPSSODescriptor'],
      [/<md:KeyDescriptor.*<\/md:KeyDescriptor>/s, ''],
      [/<md:SingleSignOnService[^>]*>/, ''],
      [/entityID="[^"]*"/, ''],
      ['<?xml version="1.0"?>', '<!DOCTYPE md [<!ENTITY x "y">]>'],
    ] as const)
      expect(() => readIdpMetadata(idp.metadata.replace(from, to), Date.now())).toThrow(SamlRefusal);
  });

  it('of ours offers only what is accepted', () => {
    const xml = spMetadata(own, '_md1');
    expect(xml).toContain(`entityID="${own.entityId}"`);
    expect(xml).not.toContain('cbc');
    expect(xml.match(/<SingleLogoutService [^>]*Location="[^"]*\/slo"/g)).toHaveLength(2);
  });
});
