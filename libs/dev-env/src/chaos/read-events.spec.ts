import { expect, it } from '@jest/globals';
import { readEvents } from './read-events.js';

it('reads events however they are cut, passes over comments and text, and drops what is torn', async () => {
  const event = (seq: number): string =>
    `id: ${seq}\nevent: a\ndata: {"seq":${seq},"type":"a","data":{"é":${seq}}}\n\n`;
  const bytes = new TextEncoder().encode(`: still here\n\n${event(1)}event: token\ndata: {}\n\n${event(2)}id: 3\nda`);
  for (const size of [1, 7, 1_000]) {
    const cut = ReadableStream.from(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size)),
    );
    const heard = [];
    for await (const one of readEvents(cut)) heard.push(one);
    expect(heard).toEqual([1, 2].map((seq) => ({ seq, type: 'a', data: { é: seq } })));
  }
});
