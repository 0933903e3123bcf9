import { describe, expect, it } from '@jest/globals';
import { newId } from '../ids.js';
import { LANES, laneOf } from './event.js';

describe('laneOf', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ])('is FNV-1a (32 bit) modulo %j', (text, hash) => {
    expect(laneOf(text)).toBe(hash % LANES);
  });

  it.each([
    ['ten_01h455vb4pex5vsknk084sn02q', 5],
    ['ten_01jc8xq3v9e601s0m7t4n2k5r9', 2],
    ['ten_00000000000000000000000000', 9],
  ])('of %s never moves', (tenantId, lane) => {
    expect(laneOf(tenantId)).toBe(lane);
  });

  it('spreads tenants evenly', () => {
    const counts = new Array<number>(LANES).fill(0);
    for (let i = 0; i < 16_000; i++) counts[laneOf(newId('tenant'))]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });
});
