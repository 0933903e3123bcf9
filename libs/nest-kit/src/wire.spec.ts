import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBody, encodeBody } from './wire.js';

describe('bodies', () => {
  it('are exactly the JSON of the contract', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = encodeBody(value);
        expect(Buffer.from(body).toString()).toBe(JSON.stringify(value));
        expect(decodeBody(body)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('may be empty, which is a request without members', () => {
    expect(decodeBody(new Uint8Array())).toEqual({});
  });

  it.each([
    ['no JSON', Buffer.from('hello')],
    ['cut short', Buffer.from('{"a":1')],
    ['two documents', Buffer.from('{}{}')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['half a character', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
  ])('that are %s are refused', (_what, body) => {
    expect(() => decodeBody(body)).toThrow(expect.objectContaining({ code: 'request.malformed' }));
  });

  it('cannot reach into the objects they become', () => {
    const value = decodeBody(Buffer.from('{"__proto__":{"admin":true}}')) as Record<string, unknown>;
    expect((value as { admin?: boolean }).admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
