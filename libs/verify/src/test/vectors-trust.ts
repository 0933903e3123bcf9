/** Files that are no trust root: with none of them is anything verified. */
import { base64, formatVkey, parseVkey } from '@conclave/audit-core';
import { p256SignerOf, SITE as site } from './passkey-signer.js';
import { TRUST, type Workshop } from './workshop.js';

/** A file, what is wrong with it, and its text. */
export interface RefusedTrustRoot {
  readonly file: string;
  readonly what: string;
  readonly text: string;
}

export function refusedTrustRoots({ trusts }: Workshop): RefusedTrustRoot[] {
  const good = trusts[TRUST] as {
    readonly logs: [string];
    readonly services: [{ readonly keyid: string; readonly publicKey: string }];
    readonly witnesses: { readonly keys: [string] };
  };
  const root = (name: string, what: string, text: string): RefusedTrustRoot => ({
    file: `refused-${name}.json`,
    what,
    text: `${text}\n`,
  });
  const is = (name: string, what: string, more: object) => root(name, what, JSON.stringify({ ...good, ...more }));
  const [log] = good.logs;
  const [service] = good.services;
  const [witness] = good.witnesses.keys;
  const p256 = base64(p256SignerOf(new Uint8Array(32).fill(1)).publicKey);
  const weak = base64(new Uint8Array(32));
  const waiver = { keyid: 'lead', publicKey: service.publicKey };
  const voter = { voterId: 'ada', publicKey: service.publicKey };
  return [
    root('no-json', 'no JSON', 'trust'),
    root('member-twice', 'a member written twice', JSON.stringify(good).replace('{', '{"version":1,')),
    is('version', 'another version', { version: 2 }),
    is('member-unknown', 'a member nobody knows', { demand: {} }),
    is('logs-missing', 'no logs', { logs: undefined }),
    is('logs-none', 'an empty list of logs', { logs: [] }),
    is('services-none', 'an empty list of services', { services: [] }),
    is('log-key-id', 'a verifier key with another key id', { logs: [log.replace(/\+[0-9a-f]{8}\+/, '+00000000+')] }),
    is('log-type', 'a witness’s key among those of logs', { logs: [witness] }),
    is('witness-type', 'a log’s key among those of witnesses', { witnesses: { keys: [log], threshold: 1 } }),
    is('log-twice', 'a log’s key twice', { logs: [log, log] }),
    is('witness-twice', 'a witness’s key twice', { witnesses: { keys: [witness, witness], threshold: 1 } }),
    is('witness-threshold', 'more witnesses demanded than are named', { witnesses: { keys: [witness], threshold: 2 } }),
    is('witness-negative', 'a threshold below zero', { witnesses: { keys: [witness], threshold: -1 } }),
    is('service-twice', 'two services of one name', { services: [service, service] }),
    is('service-weak', 'a key of small order', { services: [{ ...service, publicKey: weak }] }),
    is('service-passkey', 'a P-256 key of a service', { services: [{ ...service, publicKey: p256 }] }),
    is('service-unnamed', 'a service without a name', { services: [{ ...service, keyid: '' }] }),
    is('voter-off-curve', 'a P-256 key that is not on the curve', {
      voters: [{ ...voter, publicKey: base64(Uint8Array.of(4, ...new Uint8Array(64).fill(1))) }],
    }),
    is('voter-twice', 'two keys of one voter', { voters: [voter, { ...voter, publicKey: p256 }] }),
    is('custody-unpinned', 'a demand for custody without keys that are known', { minExternalCustody: 1 }),
    is('require-unknown', 'a demand nobody knows', { require: { result: 'approved' } }),
    is('require-empty', 'an empty demand', { require: { outcome: '' } }),
    is('algorithm-unknown', 'an algorithm nobody knows', { algorithms: ['ed25519', 'ecdsa'] }),
    is('algorithm-twice', 'an algorithm twice', { algorithms: ['ed25519', 'ed25519'] }),
    is('algorithms-none', 'no algorithm', { algorithms: [] }),
    is('site-unknown-member', 'a relying party with a name', { relyingParties: [{ ...site, name: 'Conclave' }] }),
    is('site-origin-missing', 'a relying party without its origin', { relyingParties: [{ rpId: site.rpId }] }),
    is('site-empty', 'a relying party whose id is empty', { relyingParties: [{ ...site, rpId: '' }] }),
    is('site-twice', 'a relying party twice', { relyingParties: [site, site] }),
    is('sites-none', 'no relying party', { relyingParties: [] }),
    is('waivers-zero', 'waivers of nobody', { waivers: { keys: [waiver], threshold: 0 } }),
    is('waivers-too-many', 'more people demanded than are named', { waivers: { keys: [waiver], threshold: 2 } }),
    is('waivers-one-key', 'one key under two names', {
      waivers: { keys: [waiver, { ...waiver, keyid: 'other' }], threshold: 1 },
    }),
    is('witness-one-key', 'one key of a witness under two names', {
      witnesses: {
        keys: [witness, formatVkey({ ...parseVkey(witness), name: 'witness.example/other' })],
        threshold: 1,
      },
    }),
  ];
}
