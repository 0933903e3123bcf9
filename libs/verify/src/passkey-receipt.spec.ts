/** A receipt with ballots that a person signed with a passkey in Chromium, frozen: whatever is added, it must verify. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { base64, formatVkey, fromBase64, fromUtf8, jcs, utf8 } from '@conclave/audit-core';
import { parseStatement, statementOf, type Predicate } from '@conclave/consensus-core';
import { Platform } from './test/platform.js';
import { newSigner } from './test/signer.js';
import { parseTrustPolicy } from './trust-policy.js';
import { verifyReceipt } from './verify-receipt.js';

const vector = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../docs/spec/passkeys', name), 'utf8');
const receipt = vector('receipt.json');
const policy = JSON.parse(vector('trust.json')) as { voters: [{ publicKey: string }] };
const trust = (changes: object = {}) => parseTrustPolicy(JSON.stringify({ ...policy, ...changes }));
const statement = () => {
  const { envelope } = JSON.parse(receipt) as { envelope: { payload: string } };
  const known = parseStatement(JSON.parse(fromUtf8(fromBase64(envelope.payload))));
  if (!known.ok) throw new Error(known.path);
  return known.value;
};

describe('a receipt with a passkey', () => {
  it('is trusted, and its key counts as held outside the platform', async () => {
    const verdict = await verifyReceipt(receipt, trust());
    expect(verdict).toMatchObject({ status: 'trusted', receipt: { custody: { external: 2, passkey: 1 } } });
    expect(verdict.steps.at(-1)?.detail).toContain('1 keys held outside the platform');
  });

  it('does not count more than the keys that the reader pins', async () => {
    expect((await verifyReceipt(receipt, trust({ minExternalCustody: 2 }))).status).toBe('policy-refused');
    const [pinned] = policy.voters;
    const { publicKey } = await newSigner();
    const other = trust({ voters: [{ ...pinned, publicKey: base64(publicKey) }] });
    expect((await verifyReceipt(receipt, other)).status).toBe('untrusted');
  });

  it('is found out in every part of the assertion, also when an insider signs it anew', async () => {
    const platform = await Platform.start();
    const { predicate } = statement();
    const believed = parseTrustPolicy(
      JSON.stringify({
        ...{ version: 1, services: [{ keyid: 'consensus-1', publicKey: base64(platform.service.publicKey) }] },
        logs: [formatVkey({ name: predicate.origin, type: 1, publicKey: platform.log.publicKey })],
      }),
    );
    const verdictOn = async (changed: Predicate) => {
      const file = await platform.receipt(changed, {
        ...{ origin: predicate.origin, payload: utf8(jcs(statementOf(changed))) },
      });
      return verifyReceipt(JSON.stringify(file), believed);
    };
    expect((await verdictOn(predicate)).status).toBe('trusted');
    const at = predicate.ballots[0]!.statements.at(-1)!.signature;
    if (at.algorithm !== 'webauthn-es256') throw new Error('the first voter signs with a passkey');
    const forgeries: [member: 'authenticatorData' | 'clientDataJSON' | 'signature', byte: number][] = [
      ...Array.from({ length: 37 }, (_, byte): ['authenticatorData', number] => ['authenticatorData', byte]),
      ...[0, 9, 40, 80, 120].map((byte): ['clientDataJSON', number] => ['clientDataJSON', byte]),
      ...[0, 1, 3, 4, 40, 69].map((byte): ['signature', number] => ['signature', byte]),
    ];
    for (const [member, byte] of forgeries) {
      const changed = structuredClone(predicate) as { -readonly [M in keyof Predicate]: Predicate[M] };
      const signature = changed.ballots[0]!.statements.at(-1)!.signature as { [M in typeof member]: string };
      const bytes = fromBase64(signature[member]);
      bytes[byte]! ^= 1;
      signature[member] = base64(bytes);
      expect([member, byte, (await verdictOn(changed)).status]).toEqual([member, byte, 'bad-signature']);
    }
  });

  it('is no receipt when the voter lacks its site, or another voter has one', async () => {
    const draft = statement() as unknown as { predicate: { electorate: { relyingParty?: object }[] } };
    const [person, program] = draft.predicate.electorate;
    const site = person!.relyingParty;
    delete person!.relyingParty;
    expect(parseStatement(draft)).toMatchObject({ ok: false, path: '/predicate/electorate/0' });
    Object.assign(person!, { relyingParty: site });
    Object.assign(program!, { relyingParty: site });
    expect(parseStatement(draft)).toMatchObject({ ok: false, path: '/predicate/electorate/1' });
  });
});

describe('a trust policy', () => {
  it('pins P-256 keys for voters only, and only points of the curve', () => {
    const [{ publicKey }] = policy.voters;
    const off = fromBase64(publicKey);
    off[64]! ^= 1;
    expect(() => trust({ voters: [{ voterId: 'a', publicKey: base64(off) }] })).toThrow('not a safe public key');
    expect(() => trust({ services: [{ keyid: 'a', publicKey }] })).toThrow('not a safe public key');
  });
});
