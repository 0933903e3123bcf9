/** What the test vectors of `docs/spec/vectors` are made with: keys from public seeds, trust roots, finished decisions. */
import { base64, fromBase64, fromUtf8, sha256, utf8 } from '@conclave/audit-core';
import type { ReceiptFile } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import { decide, review, type Circumstances, type Finished } from './decisions.js';
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
  readonly receipt: (finished: Finished, insider?: Insider) => Promise<ReceiptFile>;
}

/** The seeds are public: these keys protect nothing. */
const signerFor = (name: string): Promise<Signer> =>
  signerOf(new Uint8Array(sha256(utf8(`conclave test vector ${name}`))));

export const TRUST = 'trust.json';

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
      'trust-other-panel.json': { ...policy, require: { panelSha256: '00'.repeat(32) } },
      'trust-other-repository.json': { ...policy, require: { repository: 'git.example/acme/other' } },
    },
    decided: (terms, parts, more) => decide(terms, parts, { signerFor, ...more }),
    reviewed: (secrecy) => review(secrecy, { signerFor }),
    receipt: ({ predicate }, insider) => platform.receipt(predicate, insider),
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
