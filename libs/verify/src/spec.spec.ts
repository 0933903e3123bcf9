import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { generatedFiles } from './test/spec-files.js';
import { parseTrustPolicy } from './trust-policy.js';
import { verifyReceipt } from './verify-receipt.js';

const folder = new URL('../../../docs/spec/', import.meta.url);
const file = (name: string) => readFileSync(new URL(name, folder));
const { receipts } = JSON.parse(file('vectors/manifest.json').toString()) as {
  receipts: { file: string; trust: string | null; exitCode: number; step: string | null }[];
};

describe('docs/spec', () => {
  it('holds what `libs/verify/bin/spec.mjs` writes, and in its vectors nothing else', async () => {
    const generated = await generatedFiles();
    for (const [name, bytes] of generated) expect([name, file(name).equals(bytes)]).toEqual([name, true]);
    const there = readdirSync(new URL('vectors/', folder)).map((name) => `vectors/${name}`);
    expect(there.filter((name) => !generated.has(name))).toEqual([]);
  });

  it('has vectors of every verdict that a receipt alone can come to, and of every step', () => {
    expect(new Set(receipts.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 2, 3, 4, 5, 6, 7, 9]));
    expect(new Set(receipts.flatMap(({ step }) => step ?? [])).size).toBe(10);
  });

  it('has vectors that come to the exit code and the step of its manifest', async () => {
    for (const { file: name, trust, exitCode, step } of receipts) {
      const policy = trust === null ? undefined : parseTrustPolicy(file(`vectors/${trust}`).toString());
      const verdict = await verifyReceipt(file(`vectors/${name}`), policy);
      const failing = verdict.steps.find(({ ok }) => !ok)?.name ?? null;
      expect([name, verdict.exitCode, failing]).toEqual([name, exitCode, step]);
    }
  });
});
