import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { base64, fromBase64, fromUtf8, jcs, parseStrictJson, utf8, type Json } from '@conclave/audit-core';
import fc from 'fast-check';
import { review } from './test/decisions.js';
import { editsOf, flipped, pathsOf, replaced, strangers } from './test/mutations.js';
import { Platform } from './test/platform.js';
import { parseTrustPolicy } from './trust-policy.js';
import { verifyReceipt } from './verify-receipt.js';

const platform = await Platform.start();
const { predicate, disclosures } = await review('sealed');
const good = await platform.receipt(predicate, { disclosures });
const text = JSON.stringify(good);
const trust = platform.trust({ require: { repository: 'git.example/acme/app', panelSha256: 'cd'.repeat(32) } });

it('starts from a receipt that is trusted', async () => {
  expect(await verifyReceipt(text, trust)).toMatchObject({ ok: true, exitCode: 0 });
});

describe('a flipped bit', () => {
  /** Flips one bit of every so many bytes, another one from byte to byte; answers the offsets that were still trusted. */
  async function survivors(
    bytes: Uint8Array,
    rebuild: (changed: Uint8Array) => Uint8Array | string,
    every = 1,
    by = trust,
  ): Promise<number[]> {
    const places = Array.from({ length: Math.ceil(bytes.length / every) }, (_, at) => at * every);
    const trusted = await Promise.all(
      places.map(async (at) => (await verifyReceipt(rebuild(flipped(bytes, at, (at * 5) % 8)), by)).exitCode === 0),
    );
    return places.filter((_, at) => trusted[at]);
  }
  const { envelope, log } = good;
  const withEnvelope = (part: object) => JSON.stringify({ ...good, envelope: { ...envelope, ...part } });
  const withLog = (part: object) => JSON.stringify({ ...good, log: { ...log, ...part } });

  /** `deploy/verify/receipts.mjs` flips every bit of everything; of the two large parts, this is a sample. */
  it('in any third byte of the file is found', async () => {
    expect(await survivors(utf8(text), (changed) => changed, 3)).toEqual([]);
  });

  it('in any third byte of the signed payload is found', async () => {
    const rebuild = (changed: Uint8Array) => withEnvelope({ payload: base64(changed) });
    expect(await survivors(fromBase64(envelope.payload), rebuild, 3)).toEqual([]);
  });

  it('in any third byte of a receipt of passkeys, or of its payload, is found', async () => {
    const vector = (name: string) => readFileSync(new URL(`../../../docs/spec/passkeys/${name}.json`, import.meta.url));
    const bytes = new Uint8Array(vector('receipt'));
    const receipt = JSON.parse(fromUtf8(bytes)) as { readonly envelope: { readonly payload: string } };
    const pinned = parseTrustPolicy(fromUtf8(vector('trust')));
    const end = bytes.lastIndexOf(125) + 1; // what follows is a line feed, of which other blanks may be made
    expect((await verifyReceipt(bytes, pinned)).exitCode).toBe(0);
    expect(await survivors(bytes.subarray(0, end), (changed) => changed, 3, pinned)).toEqual([]);
    const rebuild = (changed: Uint8Array) =>
      JSON.stringify({ ...receipt, envelope: { ...receipt.envelope, payload: base64(changed) } });
    expect(await survivors(fromBase64(receipt.envelope.payload), rebuild, 3, pinned)).toEqual([]);
  });

  it('in any byte of the signature is found', async () => {
    const [{ keyid, sig } = { keyid: '', sig: '' }] = envelope.signatures;
    const rebuild = (changed: Uint8Array) => withEnvelope({ signatures: [{ keyid, sig: base64(changed) }] });
    expect(await survivors(fromBase64(sig), rebuild)).toEqual([]);
  });

  it('in any byte of the log entry is found', async () => {
    const rebuild = (changed: Uint8Array) => withLog({ entry: base64(changed) });
    expect(await survivors(fromBase64(log.entry), rebuild)).toEqual([]);
  });

  it('in any byte of the proof is found', async () => {
    const rebuild = (changed: Uint8Array) => withLog({ proof: new TextDecoder().decode(changed) });
    expect(await survivors(utf8(log.proof), rebuild)).toEqual([]);
  });
});

describe('a member', () => {
  /** Members a receipt may lack; without these it is a different receipt, but a whole one. */
  const optional =
    /^(?:\/predicate\/(?:rule\/(?:threshold|quorum|minVoters)|electorate\/\d+\/evaluator)|\/disclosures\/\d+)$/;

  it('of the file that is deleted, renamed or doubled is found', async () => {
    for (const edit of editsOf(parseStrictJson(text))) {
      expect([edit.what, (await verifyReceipt(edit.text, trust)).exitCode]).toEqual([edit.what, 6]);
    }
  });

  it('of the statement that an insider deleted, renamed or doubled is found', async () => {
    const statement = parseStrictJson(fromUtf8(fromBase64(good.envelope.payload)));
    for (const edit of editsOf(statement)) {
      const receipt = await platform.receipt(predicate, { payload: utf8(edit.text) });
      const { exitCode } = await verifyReceipt(JSON.stringify(receipt), trust);
      if (!edit.what.startsWith('delete')) expect([edit.what, exitCode]).toEqual([edit.what, 6]);
      else if (!optional.test(edit.path)) expect([edit.what, exitCode]).not.toEqual([edit.what, 0]);
    }
  });

  it('of the logged entry that is deleted, renamed or doubled is found', async () => {
    const known = /^\/(?:type|data|data\/(?:decision|outcome|payloadSha256).*)$/;
    for (const edit of editsOf(parseStrictJson(fromUtf8(fromBase64(good.log.entry))))) {
      if (!known.test(edit.path)) continue;
      const receipt = await platform.receipt(predicate, { entry: utf8(edit.text) });
      expect([edit.what, (await verifyReceipt(JSON.stringify(receipt), trust)).exitCode]).toEqual([edit.what, 6]);
    }
  });
});

describe('a value', () => {
  const places = (document: Json) =>
    pathsOf(document).map((place, at) => ({ place, by: strangers[(at * 7) % strangers.length]! }));

  it('of envelope, log or disclosures that is another one is found', async () => {
    const file = parseStrictJson(text);
    for (const { place, by } of places(file)) {
      if (place.join() === 'disclosures') continue; // all of them may be removed
      const changed = JSON.stringify(replaced(file, place, by));
      if (changed !== JSON.stringify(file))
        expect([place, (await verifyReceipt(changed, trust)).exitCode]).not.toEqual([place, 0]);
    }
  });

  it('of the signed statement that is another one is found, without the service’s key', async () => {
    const statement = parseStrictJson(fromUtf8(fromBase64(good.envelope.payload)));
    for (const { place, by } of places(statement)) {
      const payload = base64(utf8(jcs(replaced(statement, place, by))));
      if (payload === good.envelope.payload) continue;
      const changed = JSON.stringify({ ...good, envelope: { ...good.envelope, payload } });
      expect([place, [2, 6]]).toEqual([
        place,
        expect.arrayContaining([(await verifyReceipt(changed, trust)).exitCode]),
      ]);
    }
  });
});

describe('anything at all', () => {
  it('as bytes or text has a verdict that is not trust', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }), fc.json()), async (input) => {
        expect((await verifyReceipt(input, trust)).exitCode).toBe(6);
      }),
      { numRuns: 300 },
    );
  });

  it('in the place of any value of the statement has a verdict, also when an insider signs it', async () => {
    const statement = parseStrictJson(fromUtf8(fromBase64(good.envelope.payload)));
    const places = pathsOf(statement);
    const values = fc.oneof(fc.constantFrom(...strangers), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), values, async (place, value) => {
        const payload = utf8(jcs(replaced(statement, place, value)));
        const receipt = await platform.receipt(predicate, { payload });
        await expect(verifyReceipt(JSON.stringify(receipt), undefined)).resolves.toHaveProperty('exitCode');
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a megabyte of brackets', '['.repeat(1_000_000)],
    ['a polluted prototype', '{"__proto__":{"mediaType":"x"}}'],
    ['more than 32 megabytes', ' '.repeat(32_000_001)],
  ])('such as %s is malformed', async (_, input) => {
    const verdict = await verifyReceipt(input, undefined);
    expect(verdict).toMatchObject({ ok: false, status: 'malformed', exitCode: 6 });
    expect(verdict.steps.map(({ name }) => name)).toEqual(['parse']);
  });
});
