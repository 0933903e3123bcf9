/** A model that says nothing until it is told to (the OpenAI-compatible wire), and notices who no longer waits for it. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SlowModel {
  readonly url: string;
  /** Settles when it is asked something that holds the text, once for each time this is called. */
  asked(text: string): Promise<SlowAnswer>;
  stop(): void;
}

export interface SlowAnswer {
  /** Settles when whoever asked hung up. */
  readonly abandoned: Promise<void>;
  say(text: string): void;
}

export async function startSlowModel(): Promise<SlowModel> {
  const waiting: { readonly text: string; readonly found: (answer: SlowAnswer) => void }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.once('end', () => {
      const at = waiting.findIndex(({ text }) => body.includes(text));
      if (at >= 0) waiting.splice(at, 1)[0]!.found(answerOn(response));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked: (text) => new Promise((found) => waiting.push({ text, found })),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerOn(response: ServerResponse): SlowAnswer {
  return {
    abandoned: new Promise((gone) => response.once('close', () => response.writableEnded || gone())),
    say(text) {
      const chunk = (more: object) =>
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'default', ...more })}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] }),
      );
      response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      response.end(`${chunk({ choices: [], usage })}data: [DONE]\n\n`);
    },
  };
}
