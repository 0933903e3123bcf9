import { describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import fc from 'fast-check';
import { apiKeyIdOf, formatApiKey } from './api-key-format.js';

const env = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const key = fc.tuple(env, secret).map(([e, s]) => formatApiKey(e, newId('apiKey'), s));

describe('API key format', () => {
  it('gives back the id of every key it spelled', () => {
    fc.assert(
      fc.property(env, secret, (e, s) => {
        const id = newId('apiKey');
        expect(apiKeyIdOf(formatApiKey(e, id, s))).toBe(id);
      }),
    );
  });

  it('spells different secrets differently, at one length', () => {
    fc.assert(
      fc.property(secret, secret, (a, b) => {
        const id = newId('apiKey');
        const [one, other] = [formatApiKey('live', id, a), formatApiKey('live', id, b)];
        expect(one).toHaveLength(other.length);
        expect(one === other).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  it('notices every single wrong character', () => {
    fc.assert(
      fc.property(key, fc.nat(), fc.stringMatching(/^[0-9A-Za-z_]$/), (good, at, char) => {
        const i = at % good.length;
        fc.pre(good[i] !== char);
        expect(apiKeyIdOf(good.slice(0, i) + char + good.slice(i + 1))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('notices every two neighbours swapped, and every missing or doubled character', () => {
    fc.assert(
      fc.property(key, fc.nat(), (good, at) => {
        const i = at % (good.length - 1);
        const swapped = good.slice(0, i) + good[i + 1]! + good[i]! + good.slice(i + 2);
        if (swapped !== good) expect(apiKeyIdOf(swapped)).toBeUndefined();
        expect(apiKeyIdOf(good.slice(0, i) + good.slice(i + 1))).toBeUndefined();
        expect(apiKeyIdOf(good.slice(0, i) + good[i]! + good.slice(i))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses what is no key, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(apiKeyIdOf(text)).toBeUndefined()));
    const good = formatApiKey('live', newId('apiKey'), new Uint8Array(32).fill(255));
    for (const wrong of ['', 'ccl_', ` ${good}`, `${good}\n`, good.toUpperCase(), good.replace('ccl', 'ghp')])
      expect(apiKeyIdOf(wrong)).toBeUndefined();
  });
});
