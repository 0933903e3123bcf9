/** What the test vectors of `docs/spec/vectors` are made with: keys from public seeds, trust roots, finished decisions. */
import { base64, fromBase64, fromUtf8, sha256, utf8 } from '@conclave/audit-core';
import { signatureAlgorithms, type ReceiptFile } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import { Course, type KeySource } from './course.js';
import { decide, ORIGIN, review, type Circumstances, type Finished } from './decisions.js';
import { p256SignerOf, SITE } from './passkey-signer.js';
import { Platform, type Insider } from './platform.js';
import { signerOf, vkeyOf, type Signer } from './signer.js';

/** One receipt and what becomes of it. */
export interface Vector {
  /** File name without extension. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** File name of the trust root; without one nothing is trusted. */
  readonly trust?: string;
  readonly exitCode: number;
  /** The step that fails. */
  readonly step?: StepName;
  /** What is special about it. */
  readonly what: string;
  /** Waivers at hand, a line each, and the time at which they are looked at. */
  readonly waivers?: { readonly lines: readonly string[]; readonly now: string };
}

/** What the vectors are made with. */
export interface Workshop {
  readonly platform: Platform;
  readonly trusts: Readonly<Record<string, object>>;
  readonly decided: (
    terms: Parameters<typeof decide>[0],
    parts: Parameters<typeof decide>[1],
    more?: Circumstances,
  ) => Promise<Finished>;
  readonly reviewed: (secrecy?: 'open' | 'sealed') => Promise<Finished>;
  /** The receipt of a finished decision. */
  readonly receipt: (finished: Pick<Finished, 'predicate'>, insider?: Insider) => Promise<ReceiptFile>;
  /** A decision that is told event by event. */
  readonly course: (...told: Tail<Parameters<typeof Course.open>>) => Promise<Course>;
  /** The Ed25519 key of a name. */
  readonly signerFor: (name: string) => Promise<Signer>;
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

/** The seeds are public: these keys protect nothing. */
const signerFor = (name: string): Promise<Signer> =>
  signerOf(new Uint8Array(sha256(utf8(`conclave test vector ${name}`))));

const keyOf: KeySource = (name, algorithm) =>
  algorithm === 'webauthn-es256'
    ? Promise.resolve(p256SignerOf(sha256(utf8(`conclave test vector passkey ${name}`))))
    : signerFor(name);

export const TRUST = 'trust.json';
/** The origin of the log that was opened when the first one had to be sealed. */
export const REOPENED = `${ORIGIN}/2`;

export async function openWorkshop(): Promise<Workshop> {
  const platform = await Platform.start(signerFor);
  const { policy } = platform;
  const outside = async (name: string) => ({ voterId: name, publicKey: base64((await signerFor(name)).publicKey) });
  const keys = ['first', 'second', 'third'].map((name) => platform.witnessKey(name));
  const stranger = await signerFor('stranger');
  return {
    platform,
    trusts: {
      [TRUST]: policy,
      'trust-three-witnesses.json': { ...policy, witnesses: { keys, threshold: 1 } },
      'trust-two-of-three-witnesses.json': { ...policy, witnesses: { keys, threshold: 2 } },
      'trust-other-service.json': {
        ...policy,
        services: [{ keyid: 'consensus-2', publicKey: base64(stranger.publicKey) }],
      },
      'trust-service-of-other-key.json': {
        ...policy,
        services: [{ keyid: 'consensus-1', publicKey: base64(stranger.publicKey) }],
      },
      'trust-other-log.json': { ...policy, logs: [vkeyOf('elsewhere.example/log', platform.log)] },
      'trust-custody.json': { ...policy, voters: [await outside('ada'), await outside('bob')], minExternalCustody: 1 },
      'trust-more-custody.json': {
        ...policy,
        voters: [await outside('ada'), await outside('bob')],
        minExternalCustody: 2,
      },
      'trust-other-ada.json': { ...policy, voters: [{ voterId: 'ada', publicKey: base64(stranger.publicKey) }] },
      'trust-approved.json': { ...policy, require: { outcome: 'approved' } },
      'trust-all-demands.json': {
        ...policy,
        require: {
          outcome: 'approved',
          panelSha256: 'cd'.repeat(32),
          origin: 'conclave.example/log/acme',
          repository: 'git.example/acme/app',
        },
      },
      'trust-waves-finished.json': { ...policy, require: { waves: 'finished' } },
      'trust-other-panel.json': { ...policy, require: { panelSha256: '00'.repeat(32) } },
      'trust-other-repository.json': { ...policy, require: { repository: 'git.example/acme/other' } },
      ...(await laterTrusts(platform)),
    },
    decided: (terms, parts, more) => decide(terms, parts, { signerFor, ...more }),
    reviewed: (secrecy) => review(secrecy, { signerFor }),
    receipt: ({ predicate }, insider) => platform.receipt(predicate, insider),
    course: (terms, voters) => Course.open(keyOf, terms, voters),
    signerFor,
  };
}

/** A site that only looks like the one where passkeys of the vectors sign. */
const OTHER_SITE = { rpId: 'conclave.example.net', origin: 'https://conclave.example.net' };

/** Trust roots of installations whose keys, logs or people have changed. */
async function laterTrusts({ policy, log }: Platform): Promise<Readonly<Record<string, object>>> {
  const named = async (name: string) => base64((await signerFor(name)).publicKey);
  const vkey = async (name: string, origin = ORIGIN) => vkeyOf(origin, await signerFor(name));
  const pinned = async (name: string) => [
    { voterId: 'pat', publicKey: base64((await keyOf(name, 'webauthn-es256')).publicKey) },
  ];
  const may = async (...names: string[]) =>
    Promise.all(names.map(async (keyid) => ({ keyid, publicKey: await named(`waiver ${keyid}`) })));
  const approved = { ...policy, require: { outcome: 'approved' } };
  return {
    'trust-next-log-key.json': { ...policy, logs: [await vkey('next log')] },
    'trust-both-log-keys.json': { ...policy, logs: [...policy.logs, await vkey('next log')] },
    'trust-two-services.json': {
      ...policy,
      services: [...policy.services, { keyid: 'consensus-2', publicKey: await named('next service') }],
    },
    'trust-reopened-log.json': { ...policy, logs: [...policy.logs, vkeyOf(REOPENED, log)] },
    'trust-passkey.json': { ...policy, voters: await pinned('pat'), minExternalCustody: 1 },
    'trust-other-passkey.json': { ...policy, voters: await pinned('stranger') },
    'trust-passkey-signing.json': { ...policy, algorithms: signatureAlgorithms, relyingParties: [OTHER_SITE, SITE] },
    'trust-no-es256.json': { ...policy, algorithms: ['ed25519', 'webauthn-eddsa'] },
    'trust-plain-keys.json': { ...policy, algorithms: ['ed25519'], relyingParties: [OTHER_SITE] },
    'trust-other-site.json': { ...policy, relyingParties: [OTHER_SITE] },
    'trust-other-origin.json': { ...policy, relyingParties: [{ ...SITE, origin: OTHER_SITE.origin }] },
    'trust-waivers.json': { ...approved, waivers: { keys: await may('lead', 'security'), threshold: 1 } },
    'trust-two-waivers.json': { ...approved, waivers: { keys: await may('lead', 'security'), threshold: 2 } },
    'trust-waivers-other-panel.json': {
      ...policy,
      require: { outcome: 'approved', panelSha256: '00'.repeat(32) },
      waivers: { keys: await may('lead'), threshold: 1 },
    },
  };
}

export const pretty = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, undefined, 2)}\n`);

/** The usual form of a file: one line. */
export const written = (file: ReceiptFile): Uint8Array => utf8(`${JSON.stringify(file)}\n`);

/** The statement of a receipt, for those who change it. */
export const statementText = ({ envelope }: ReceiptFile): string => fromUtf8(fromBase64(envelope.payload));

/** A file whose signed text was changed by somebody without a key. */
export const withPayload = (file: ReceiptFile, payload: string): ReceiptFile => ({
  ...file,
  envelope: { ...file.envelope, payload: base64(utf8(payload)) },
});
