import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PriceTable } from './price-table.js';

describe('price table', () => {
  const dir = mkdtempSync(join(tmpdir(), 'prices-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = (text: string): string => {
    const path = join(dir, 'prices.json');
    writeFileSync(path, text);
    return path;
  };
  const tokens = (inputTokens: number, outputTokens: number, cachedTokens = 0) => ({
    inputTokens,
    outputTokens,
    cachedTokens,
  });

  it('prices by the longest prefix, cached input apart, and rounds up', () => {
    const table = PriceTable.of(undefined);
    expect(table.costOf('gpt-5.1-2026-01', tokens(120, 30))).toBe(450);
    expect(table.costOf('gpt-5.1', tokens(1, 0))).toBe(2);
    expect(table.costOf('claude-sonnet-4-5', tokens(1_000_000, 0, 1_000_000))).toBe(300_000);
    expect(table.costOf('gemini-2.5-pro', tokens(1_000_000, 0, 1_000_000))).toBe(1_250_000);
    expect(table.costOf('llama', tokens(1, 1))).toBeUndefined();
  });

  it('never costs more than its bound', () => {
    const table = PriceTable.of(file('{"version":"x","models":{"odd":{"input":3,"output":7,"cached":11}}}'));
    const count = fc.nat(10_000_000);
    fc.assert(
      fc.property(count, count, fc.double({ min: 0, max: 1, noNaN: true }), (input, output, part) => {
        for (const model of ['odd', 'gpt-5.1', 'claude-opus-4']) {
          const cost = table.costOf(model, tokens(input, output, Math.floor(input * part)))!;
          expect(cost).toBeLessThanOrEqual(table.boundOf(model, input, output)!);
        }
      }),
    );
  });

  it('takes the operator’s prices over its own, and says so in its version', () => {
    const table = PriceTable.of(
      file('{"version":"acme-3","models":{"gpt-5.1":{"input":1000000,"output":0},"local":{"input":0,"output":0}}}'),
    );
    expect(table.version).toBe('2026-11+acme-3');
    expect(table.costOf('gpt-5.1', tokens(7, 9))).toBe(7);
    expect(table.costOf('local', tokens(7, 9))).toBe(0);
    expect(table.costOf('gpt-5-mini', tokens(4, 0))).toBe(1);
  });

  it.each(['', '{', '{"version":"a b","models":{}}', '{"version":"1","models":{"m":{"input":-1,"output":0}}}'])(
    'refuses to start with a file that cannot be used: %j',
    (text) => {
      expect(() => PriceTable.of(file(text))).toThrow(/PRICE_TABLE_FILE/);
    },
  );
});
