/** The events of a stream, as the edge sends them (WHATWG HTML, 9.2); comments and text without an id are passed over. */
import type { HeardEvent } from './history.js';

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<HeardEvent> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!; // torn, unless it is empty
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (id === undefined || data === undefined) continue;
      const event = JSON.parse(data) as HeardEvent;
      yield { seq: Number(id), type: event.type, data: event.data };
    }
  }
}
