import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fromBase64, fromUtf8, MalformedError, parseStrictJson, type Json } from '@conclave/audit-core';
import type { JsonSchema } from '@conclave/consensus-core';
import { fits } from './test/json-schema.js';
import { generatedFiles } from './test/spec-files.js';
import { parseTrustPolicy } from './trust-policy.js';
import { verifyReceipt } from './verify-receipt.js';
import { waiversIn } from './waivers.js';

interface Entry {
  readonly file: string;
  readonly trust: string | null;
  readonly waivers?: string;
  readonly now?: string;
  readonly exitCode: number;
  readonly step: string | null;
}

const folder = new URL('../../../docs/spec/', import.meta.url);
const file = (name: string) => readFileSync(new URL(name, folder));
const text = (name: string) => file(`vectors/${name}`).toString();
const { receipts, refusedTrustRoots } = JSON.parse(text('manifest.json')) as {
  receipts: Entry[];
  refusedTrustRoots: { file: string }[];
};

describe('docs/spec', () => {
  it('holds what `libs/verify/bin/spec.mjs` writes, and in its vectors nothing else', async () => {
    const generated = await generatedFiles();
    for (const [name, bytes] of generated) expect([name, file(name).equals(bytes)]).toEqual([name, true]);
    const there = readdirSync(new URL('vectors/', folder)).map((name) => `vectors/${name}`);
    expect(there.filter((name) => !generated.has(name))).toEqual([]);
  });

  it('has a verifier in Python that imports the standard library and opens what it is given, and nothing else', () => {
    const python = file('verify.py').toString();
    const imports = [...python.matchAll(/^\s*(?:import|from)\s+([\w.]+)/gm)].map(([, name]) => name);
    const standard = ['base64', 'fractions', 'functools', 'hashlib', 'json', 'os', 're', 'sys', 'time'];
    expect(imports.toSorted()).toEqual(standard);
    expect(python.match(/\b(?:__import__|importlib|exec|eval|subprocess|socket|urllib|ctypes)\b\s*[(.]/g)).toEqual(
      null,
    );
    expect(python.match(/\bopen\(.*/g)).toEqual(['open(path, "rb") as file:']);
    expect(new Set(python.match(/\bos\.[\w.]+/g))).toEqual(new Set(['os.path.join']));
  });

  it('has vectors of every verdict that a receipt alone can come to, and of every step', () => {
    expect(new Set(receipts.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 2, 3, 4, 5, 6, 7, 9]));
    expect(new Set(receipts.flatMap(({ step }) => step ?? [])).size).toBe(10);
    expect(receipts.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(100);
  });

  it('has vectors that come to the exit code and the step of its manifest', async () => {
    const found = receipts.map(async ({ file: name, trust, waivers, now }) => {
      const policy = trust === null ? undefined : parseTrustPolicy(text(trust));
      const atHand = waivers && now ? { texts: waiversIn(text(waivers)), now: Date.parse(now) } : undefined;
      const { exitCode, steps } = await verifyReceipt(file(`vectors/${name}`), policy, atHand);
      return { file: name, exitCode, step: steps.find(({ ok }) => !ok)?.name ?? null };
    });
    expect(await Promise.all(found)).toEqual(
      receipts.map(({ file: name, exitCode, step }) => ({ file: name, exitCode, step })),
    );
  });

  it('has trust roots that are refused', () => {
    for (const { file: name } of refusedTrustRoots) expect(() => parseTrustPolicy(text(name))).toThrow(MalformedError);
    expect(refusedTrustRoots.length).toBeGreaterThan(20);
  });

  it('has JSON Schemas that take every receipt and every waiver that counts', () => {
    const schemaOf = (name: string) => JSON.parse(file(`${name}.schema.json`).toString()) as JsonSchema;
    const [receipt, statement, waiver] = ['receipt', 'statement', 'waiver'].map(schemaOf) as [
      JsonSchema,
      JsonSchema,
      JsonSchema,
    ];
    const payloadOf = (document: Json): Json => {
      const { payload } = document as { payload: string };
      return parseStrictJson(fromUtf8(fromBase64(payload)));
    };
    for (const { file: name, waivers, exitCode, step } of receipts) {
      if (step === 'parse') continue;
      const document = parseStrictJson(text(name));
      expect([name, fits(receipt, document)]).toEqual([name, true]);
      const { envelope } = document as { envelope: Json };
      expect([name, fits(statement, payloadOf(envelope))]).toEqual([name, true]);
      for (const line of exitCode === 0 && waivers ? waiversIn(text(waivers)) : []) {
        if (!line.includes('payload')) continue;
        expect([name, fits(waiver, payloadOf(parseStrictJson(line)))]).toEqual([name, true]);
      }
    }
  });
});
