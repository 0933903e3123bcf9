import { describe, expect, it } from '@jest/globals';
import { base64, MalformedError } from '@conclave/audit-core';
import { newSigner, vkeyOf } from './test/signer.js';
import { parseTrustPolicy } from './trust-policy.js';

const signer = await newSigner();
const log = vkeyOf('log.example', signer);
const witness = vkeyOf('witness.example', signer, 4);
const key = base64(signer.publicKey);
const least = { version: 1, logs: [log], services: [{ keyid: 's', publicKey: key }] };
const read = (policy: unknown) => parseTrustPolicy(JSON.stringify(policy));

describe('a trust policy', () => {
  it('needs a log and a service, and demands nothing by itself', () => {
    expect(read(least)).toEqual({
      logs: [{ name: 'log.example', type: 1, publicKey: signer.publicKey }],
      services: [{ name: 's', publicKey: signer.publicKey }],
      witnesses: { keys: [], threshold: 0 },
      minExternalCustody: 0,
      require: {},
      waivers: { keys: [], threshold: 0 },
    });
  });

  it('may name witnesses, voters, custody and demands', () => {
    const policy = read({
      ...least,
      witnesses: { keys: [witness], threshold: 1 },
      voters: [{ voterId: 'ada', publicKey: key }],
      algorithms: ['webauthn-es256', 'ed25519'],
      relyingParties: [{ rpId: 'conclave.example', origin: 'https://conclave.example' }],
      minExternalCustody: 2,
      require: { outcome: 'approved', panelSha256: 'ab' },
      waivers: { keys: [{ keyid: 'lead', publicKey: key }], threshold: 1 },
    });
    expect(policy.waivers).toEqual({ keys: [{ name: 'lead', publicKey: signer.publicKey }], threshold: 1 });
    expect(policy.witnesses).toEqual({
      keys: [{ name: 'witness.example', type: 4, publicKey: signer.publicKey }],
      threshold: 1,
    });
    expect(policy.voters).toEqual([{ name: 'ada', publicKey: signer.publicKey }]);
    expect(policy.algorithms).toEqual(['webauthn-es256', 'ed25519']);
    expect(policy.relyingParties).toEqual([{ rpId: 'conclave.example', origin: 'https://conclave.example' }]);
    expect(policy.minExternalCustody).toBe(2);
    expect(policy.require).toEqual({ outcome: 'approved', panelSha256: 'ab' });
  });

  const smallOrder = base64(new Uint8Array(32));
  it.each([
    ['another version', { ...least, version: 2 }],
    ['a version as text', { ...least, version: '1' }],
    ['no log', { ...least, logs: [] }],
    ['no service', { ...least, services: [] }],
    ['a missing member', { version: 1, logs: [log] }],
    ['an unknown member', { ...least, requires: {} }],
    ['an unknown demand', { ...least, require: { outcomes: 'approved' } }],
    ['a demand that is no text', { ...least, require: { outcome: true } }],
    ['an empty demand', { ...least, require: { outcome: '' } }],
    ['a witness among the logs', { ...least, logs: [witness] }],
    ['a log among the witnesses', { ...least, witnesses: { keys: [log], threshold: 1 } }],
    ['a log twice', { ...least, logs: [log, log] }],
    [
      'a witness under two names',
      { ...least, witnesses: { keys: [witness, vkeyOf('witness.example/2', signer, 4)], threshold: 2 } },
    ],
    ['a witness twice', { ...least, witnesses: { keys: [witness, witness], threshold: 2 } }],
    ['a service twice', { ...least, services: [least.services[0], least.services[0]] }],
    ['a threshold beyond its witnesses', { ...least, witnesses: { keys: [witness], threshold: 2 } }],
    ['a custody without the keys that count', { ...least, minExternalCustody: 1 }],
    ['a negative count', { ...least, minExternalCustody: -1 }],
    ['a count as text', { ...least, minExternalCustody: '1' }],
    ['an algorithm nobody knows', { ...least, algorithms: ['ed25519', 'ecdsa'] }],
    ['an algorithm of every object', { ...least, algorithms: ['toString'] }],
    ['an algorithm twice', { ...least, algorithms: ['ed25519', 'ed25519'] }],
    ['no algorithm', { ...least, algorithms: [] }],
    ['an algorithm that is no list', { ...least, algorithms: 'ed25519' }],
    ['no relying party', { ...least, relyingParties: [] }],
    ['a relying party without an origin', { ...least, relyingParties: [{ rpId: 'a' }] }],
    [
      'a relying party twice',
      {
        ...least,
        relyingParties: [
          { rpId: 'a', origin: 'b' },
          { origin: 'b', rpId: 'a' },
        ],
      },
    ],
    ['a relying party that is a text', { ...least, relyingParties: ['conclave.example'] }],
    ['waivers that take nobody', { ...least, waivers: { keys: [{ keyid: 'lead', publicKey: key }], threshold: 0 } }],
    [
      'waivers that take more than may',
      { ...least, waivers: { keys: [{ keyid: 'lead', publicKey: key }], threshold: 2 } },
    ],
    [
      'one key that may waive twice',
      { ...least, waivers: { keys: ['a', 'b'].map((keyid) => ({ keyid, publicKey: key })), threshold: 2 } },
    ],
    ['a broken vkey', { ...least, logs: ['log.example+00000000+AAAA'] }],
    ['a key that is unsafe', { ...least, services: [{ keyid: 's', publicKey: smallOrder }] }],
    ['a key that is no base64', { ...least, services: [{ keyid: 's', publicKey: '?' }] }],
    ['a list in place of an object', []],
    ['an object in place of a list', { ...least, logs: {} }],
    ['null', null],
  ])('is refused with %s', (_, policy) => expect(() => read(policy)).toThrow(MalformedError));

  it('is refused with a member written twice', () => {
    const twice = JSON.stringify({ ...least, require: {} }).replace('"require"', '"require":{"outcome":"a"},"require"');
    expect(() => parseTrustPolicy(twice)).toThrow(MalformedError);
  });
});
