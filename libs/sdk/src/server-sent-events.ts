/** One event of a `text/event-stream` (WHATWG HTML, 9.2.6). */
export interface ServerSentEvent {
  /** The last `id` seen, which is what Last-Event-ID resumes after. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Reads the events of a body; comments (heartbeats) and events without data are skipped. */
export async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void> {
  let id = '';
  let type = '';
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === '') {
      if (data.length > 0) yield { id, type: type || 'message', data: data.join('\n') };
      [type, data] = ['', []];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
}

/** Lines end with LF, CR or CRLF; an unfinished last line is dropped, as the standard has it. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      rest += decoder.decode(read.value, { stream: true });
      const parts = rest.split(/\r\n|\n|\r(?!$)/);
      rest = parts.pop() ?? '';
      yield* parts;
    }
    if (rest.endsWith('\r')) yield rest.slice(0, -1);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
