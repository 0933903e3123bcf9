import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { serverSentEvents } from './server-sent-events.js';

async function parse(bytes: Uint8Array, cuts: readonly number[]) {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      let from = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        controller.enqueue(bytes.subarray(from, Math.min(cut, bytes.length)));
        from = Math.min(cut, bytes.length);
      }
      controller.enqueue(bytes.subarray(from));
      controller.close();
    },
  });
  const events = [];
  for await (const one of serverSentEvents(stream)) events.push(one);
  return events;
}

describe('serverSentEvents', () => {
  it('follows the standard: comments, ids that last, several data lines, an unfinished tail', async () => {
    const text = ':beat\n\nid: 7\nevent: seat\ndata: a\ndata:b\n\ndata: c\r\n\r\nid\ndata\n\ndata: lost';
    expect(await parse(new TextEncoder().encode(text), [])).toEqual([
      { id: '7', type: 'seat', data: 'a\nb' },
      { id: '7', type: 'message', data: 'c' },
      { id: '', type: 'message', data: '' },
    ]);
  });

  it('reads the same events however the bytes are cut and lines end', async () => {
    const value = fc.string({ unit: 'binary', maxLength: 8 }).map((s) => s.replaceAll(/[\r\n\0]/g, 'é'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 6 }),
        fc.array(fc.nat(80)),
        fc.constantFrom('\n', '\r\n', '\r'),
        async (values, cuts, end) => {
          const text = values.map((v, i) => `id: ${i}${end}data: ${v}${end}${end}`).join('');
          const events = await parse(new TextEncoder().encode(text), cuts);
          const scalar = (s: string) => new TextDecoder().decode(new TextEncoder().encode(s));
          expect(events).toEqual(values.map((v, i) => ({ id: String(i), type: 'message', data: scalar(v) })));
        },
      ),
    );
  });
});
