import { describe, expect, it } from '@jest/globals';
import { fromHex, hex, utf8 } from './bytes.js';
import { isSafeP256Key, verifyP256 } from './p256.js';

/** RFC 6979 A.2.5: the key, and its signature of "sample" with SHA-256. */
const X = '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6';
const Y = '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';
const R = 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716';
const S = 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8';
const P = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
const key = fromHex(`04${X}${Y}`);
const der = fromHex(`3046022100${R}022100${S}`);

describe('P-256', () => {
  it('verifies the signature of RFC 6979 A.2.5', async () => {
    expect(isSafeP256Key(key)).toBe(true);
    expect(await verifyP256(key, utf8('sample'), der)).toBe(true);
    expect(await verifyP256(key, utf8('simple'), der)).toBe(false);
  });

  it.each([
    ['the point at infinity', '00'],
    ['the point at infinity, filled up', '00'.repeat(65)],
    ['x = y = 0', `04${'00'.repeat(64)}`],
    ['a point beside the curve', `04${X}${Y.slice(0, -1)}8`],
    ['x = p', `04${P}${Y}`],
    ['y = p', `04${X}${P}`],
    ['the largest coordinates', `04${'ff'.repeat(64)}`],
    ['the compressed point', `03${X}`],
    ['the hybrid form', `07${X}${Y}`],
    ['no first byte', `${X}${Y}`],
    ['a byte more', `04${X}${Y}00`],
  ])('refuses %s as a public key', async (_, text) => {
    expect(isSafeP256Key(fromHex(text))).toBe(false);
    expect(await verifyP256(fromHex(text), utf8('sample'), der)).toBe(false);
  });

  it('refuses a point whose coordinate is spelt beyond p', () => {
    const root = '66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4';
    expect(isSafeP256Key(fromHex(`04${'00'.repeat(32)}${root}`))).toBe(true);
    expect(isSafeP256Key(fromHex(`04${P}${root}`))).toBe(false);
  });

  it('takes a signature in its one DER form, and never throws for another', async () => {
    for (let at = 0; at <= der.length; at++) {
      expect([at, await verifyP256(key, utf8('sample'), der.subarray(0, at))]).toEqual([at, at === der.length]);
      if (at === der.length) break;
      const flipped = der.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
      expect([hex(flipped), await verifyP256(key, utf8('sample'), flipped)]).toEqual([hex(flipped), false]);
    }
  });
});
