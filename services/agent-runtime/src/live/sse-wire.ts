import type { ServerResponse } from 'node:http';
import type { Line } from './line.js';
import type { Ending, Wire } from './viewer.js';

/** Server-sent events (WHATWG HTML, 9.2): the id of an event is its `seq`, so Last-Event-ID is the cursor. */
export class SseWire implements Wire {
  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // A quiet run has nothing to say yet, and whoever proxies waits for the headers.
    response.flushHeaders();
  }

  get full(): boolean {
    return this.response.writableNeedDrain;
  }

  send(lines: readonly Line[]): void {
    this.response.write(lines.length === 1 ? lines[0]!.sse : Buffer.concat(lines.map(({ sse }) => sse)));
  }

  beat(): boolean {
    this.response.write(': still here\n\n');
    return true;
  }

  /** Who does not read would not read an end either. */
  end(ending: Ending): void {
    if (ending === 'slow' || ending === 'gone') this.response.destroy();
    else this.response.end();
  }
}
