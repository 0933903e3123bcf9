/**
 * The files of node-saml (1d8d66f) and python3-saml (0320fd4), from checkouts below the folder `SAML_CORPUS`: as they stand, under
 * their own certificates, names and clocks; and moved to today and signed anew, so that what they say decides. Nothing
 * is taken that they call invalid; what they call valid and is not taken has the reason beside it.
 */
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { testIdp } from '@conclave/dev-env/testing';
import { selfSignedCertificate } from '@conclave/nest-kit';
import { logoutFates, metadataFates, responseFates } from '../testing/public-corpora-fates.js';
import {
  certificatesIn,
  certificatesOf,
  folders,
  samplesIn,
  settingOf,
  signedAnew,
  type Sample,
} from '../testing/public-corpora.js';
import * as nodeSaml from '../testing/public-vectors/node-saml.js';
import * as pythonSaml from '../testing/public-vectors/python3-saml.js';
import { readIdpMetadata } from './idp-metadata.js';
import { SamlRefusal } from './saml-refusal.js';
import { ServiceProvider } from './service-provider.js';
import { SingleLogout } from './single-logout.js';

const corpus = process.env['SAML_CORPUS']!;
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const certificate = selfSignedCertificate(key, 'conclave', new Date(), 10);
const nodeFile = (name: string): string => readFileSync(join(corpus, folders.node, name), 'utf8');
const privateKey = nodeFile('testshib encryption pvk.pem');
/** Of python3-saml's service. */
const standby = {
  certificate,
  privateKey: readFileSync(join(corpus, folders.python, 'customPath/certs/sp.key'), 'utf8'),
};
const idp = testIdp();

function isCertificate(pem: string): boolean {
  try {
    return Boolean(new X509Certificate(pem));
  } catch {
    return false;
  }
}

async function fate(read: () => unknown): Promise<string> {
  try {
    await read();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SamlRefusal)) throw error;
    const { reason, cause } = error;
    return reason === 'signature' && cause instanceof Error ? `${reason}: ${cause.message}` : reason;
  }
}

type Read = (xml: string, certificates: readonly string[]) => unknown;

/** What becomes of it under these certificates at each time at which it says it was made. */
async function fatesAsIs(xml: string, certificates: readonly string[], read: Read): Promise<string> {
  const fates = new Set<string>();
  for (const at of settingOf(xml).instants) {
    jest.useFakeTimers({ now: at + 1_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'] });
    try {
      fates.add(await fate(() => read(xml, certificates)));
    } finally {
      jest.useRealTimers();
    }
  }
  return [...fates].join(' / ');
}

function readResponse(xml: string, certificates: readonly string[], file = ''): Promise<unknown> {
  const { issuer, audience, address, requestId } = settingOf(xml);
  const party = { idpEntityId: issuer, ssoUrl: 'https://idp.example.com/', certificates, requireEncryption: false };
  const entityId = file.includes('invalid_audience') ? 'http://stuff.com/endpoints/metadata.php' : audience;
  const own = { entityId, acs: address, slo: address, certificate, privateKey, standby };
  return new ServiceProvider(party, own).read(Buffer.from(xml).toString('base64'), requestId, Date.now());
}

async function fateAnew({ file, xml }: Sample): Promise<string> {
  let signed: string;
  try {
    signed = signedAnew(xml, idp);
  } catch {
    return 'cannot be signed';
  }
  return fate(() => readResponse(signed, [idp.certificate], file));
}

const isResponse = ({ xml }: Sample): boolean => /^[^]{0,200}<(?:\w+:)?Response/.test(xml);
const python = samplesIn(corpus, 'python', 'responses');
const node = samplesIn(corpus, 'node').filter(isResponse);
const trusted = (xml: string) => [...certificatesOf(corpus), ...certificatesIn(xml)].filter(isCertificate);

describe('responses of others', () => {
  it('are refused as they stand, each for the reason in the table, and none is missing there', async () => {
    const found: Record<string, string> = {};
    for (const { file, xml } of python) found[file] = await fatesAsIs(xml, trusted(xml), readResponse);
    for (const { file, xml } of node) found[file] = await fatesAsIs(xml, [nodeFile('cert.pem')], readResponse);
    expect(found).toEqual(Object.fromEntries(responseFates.flatMap(({ files, asIs }) => files.map((f) => [f, asIs]))));
    expect(Object.values(found).filter((asIs) => asIs.includes('accepted'))).toEqual([]);
  });

  it('of today and freshly signed are taken where all else is good, and refused for their own defects', async () => {
    const found: Record<string, string> = {};
    for (const sample of [...python, ...node]) found[sample.file] = await fateAnew(sample);
    expect(found).toEqual(Object.fromEntries(responseFates.flatMap(({ files, anew }) => files.map((f) => [f, anew]))));
  });

  it('that are invalid each have their defect among ours', () => {
    const files = (samples: readonly Sample[], folder: string) =>
      samples.flatMap(({ file }) =>
        file.startsWith(folder) ? [file.slice(folder.length).replace('.xml.base64', '')] : [],
      );
    const ours = (vectors: typeof nodeSaml.invalid) => [...new Set(vectors.flatMap(({ of }) => of))].sort();
    expect(ours(pythonSaml.invalid)).toEqual(files(python, 'responses/invalids/').sort());
    expect(ours(nodeSaml.invalid)).toEqual(files(node, 'signatures/invalid/').sort());
  });
});

describe('sign-outs and metadata of others', () => {
  it('are refused as they stand, each for the reason in the table', async () => {
    const read = (xml: string, certificates: readonly string[]) => {
      const { issuer, address, requestId } = settingOf(xml);
      const party = { idpEntityId: issuer, certificates, sloUrl: 'https://idp.example.com/slo' };
      const logout = new SingleLogout(party, { entityId: 'x', acs: address, slo: address, certificate, privateKey });
      const message = { binding: 'post', message: Buffer.from(xml).toString('base64') } as const;
      const answers = xml.includes('LogoutResponse');
      return answers
        ? logout.readResponse(message, requestId ?? '', Date.now())
        : logout.readRequest(message, Date.now());
    };
    const found: Record<string, string> = {};
    for (const { file, xml } of samplesIn(corpus, 'node').filter(({ file }) => file.startsWith('logout')))
      found[file] = await fatesAsIs(xml, [nodeFile('cert.pem')], read);
    for (const folder of ['logout_requests', 'logout_responses'])
      for (const { file, xml } of samplesIn(corpus, 'python', folder))
        found[file] = await fatesAsIs(xml, trusted(xml), read);
    expect(found).toEqual(logoutFates);
  });

  it('are taken as metadata where they are one identity provider’s', async () => {
    const found: Record<string, string> = {};
    const samples = [
      ...samplesIn(corpus, 'python', 'metadata'),
      ...samplesIn(corpus, 'node').filter(({ file }) => /metadata/i.test(file)),
    ];
    for (const { file, xml } of samples) found[file] = await fate(() => readIdpMetadata(xml, 0));
    expect(found).toEqual(metadataFates);
  });
});
