import { describe, expect, it } from '@jest/globals';
import { frameAt } from './subscriber.js';

describe('a frame of a WebSocket', () => {
  const framed = (payload: Buffer): Buffer =>
    payload.length < 126
      ? Buffer.from([0x81, payload.length, ...payload])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff, ...payload]);

  it.each([0, 1, 3, 125, 126, 300, 65_535])('of %d bytes is seen when it is whole, and not before', (length) => {
    const frame = framed(Buffer.alloc(length, 'x'));
    expect(frameAt(Buffer.concat([frame, frame]))).toEqual({
      opcode: 1,
      start: frame.length - length,
      end: frame.length,
    });
    for (const cut of [0, 1, 2, 3, frame.length - 1].filter((cut) => cut < frame.length))
      expect(frameAt(frame.subarray(0, cut))).toBeUndefined();
  });
});
