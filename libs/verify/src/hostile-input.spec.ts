import { describe, expect, it } from '@jest/globals';
import { base64, fromBase64, fromUtf8, jcs, parseStrictJson, utf8, type Json } from '@conclave/audit-core';
import fc from 'fast-check';
import { review } from './test/decisions.js';
import { Platform } from './test/platform.js';
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
  /** Flips one bit of each byte, another one from byte to byte; answers the offsets that were still trusted. */
  async function survivors(bytes: Uint8Array, rebuild: (changed: Uint8Array) => Uint8Array | string) {
    const trusted = await Promise.all(
      Array.from(bytes, async (byte, at) => {
        const changed = bytes.slice();
        changed[at] = byte ^ (1 << ((at * 5) % 8));
        return (await verifyReceipt(rebuild(changed), trust)).exitCode === 0;
      }),
    );
    return [...trusted.keys()].filter((at) => trusted[at]);
  }
  const { envelope, log } = good;
  const withEnvelope = (part: object) => JSON.stringify({ ...good, envelope: { ...envelope, ...part } });
  const withLog = (part: object) => JSON.stringify({ ...good, log: { ...log, ...part } });

  it('in any byte of the file is found', async () => {
    expect(await survivors(utf8(text), (changed) => changed)).toEqual([]);
  });

  it('in any byte of the signed payload is found', async () => {
    const rebuild = (changed: Uint8Array) => withEnvelope({ payload: base64(changed) });
    expect(await survivors(fromBase64(envelope.payload), rebuild)).toEqual([]);
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
    const values = fc.oneof(fc.constantFrom<Json>(null, true, -1, 0, 2 ** 53 - 1, '', [], {}), fc.string());
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

interface Edit {
  readonly what: string;
  readonly path: string;
  readonly text: string;
}

/** Every object member of a document: once deleted, once renamed, once written twice. */
function editsOf(document: Json): Edit[] {
  return pathsOf(document)
    .filter((path) => !/^\d+$/.test(path.at(-1)!))
    .flatMap((path) => {
      const pointer = `/${path.join('/')}`;
      const edit = (kind: string, members: (key: string, value: string) => string[]) => ({
        what: `${kind} ${pointer}`,
        path: pointer,
        text: written(document, path, members),
      });
      return [
        edit('delete', () => []),
        edit('rename', (key, value) => [`${JSON.stringify(`${key}_`)}:${value}`]),
        edit('double', (key, value) => [`${JSON.stringify(key)}:${value}`, `${JSON.stringify(key)}:${value}`]),
      ];
    });
}

function pathsOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [[...path, key], ...pathsOf(item, [...path, key])]);
}

/** The document as text, with the member at the path written as told. */
function written(value: Json, path: readonly string[], members: (key: string, value: string) => string[]): string {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return JSON.stringify(value);
  const item = (key: string, child: Json) => (key === step ? written(child, rest, members) : JSON.stringify(child));
  if (Array.isArray(value)) return `[${value.map((child, at) => item(String(at), child)).join(',')}]`;
  const texts = Object.entries(value).flatMap(([key, child]) =>
    key === step && rest.length === 0
      ? members(key, JSON.stringify(child))
      : [`${JSON.stringify(key)}:${item(key, child)}`],
  );
  return `{${texts.join(',')}}`;
}

function replaced(value: Json, [step, ...rest]: readonly string[], by: Json): Json {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === step ? replaced(item, rest, by) : item));
  const entries = Object.entries(value as object) as [string, Json][];
  return Object.fromEntries(entries.map(([key, item]) => [key, key === step ? replaced(item, rest, by) : item]));
}
