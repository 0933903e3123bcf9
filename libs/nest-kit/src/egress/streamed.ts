import type { Dispatcher } from 'undici';

/** Statuses that never have a body. */
const BODILESS = new Set([204, 205, 304]);

/** An answer as `fetch` gives it. */
export function responseOf(
  { statusCode, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
): Response {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one]));
  return new Response(BODILESS.has(statusCode) ? null : body, {
    status: statusCode,
    headers: lines as [string, string][],
  });
}

/** A body as it comes, up to a bound; whoever stops reading ends it. */
export function streamed(body: Dispatcher.ResponseData['body'], maxBytes: number): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let size = 0;
  return new ReadableStream<Uint8Array>({
    async pull(to) {
      const next = await chunks.next();
      if (next.done === true) return to.close();
      if ((size += next.value.length) <= maxBytes) return to.enqueue(next.value);
      body.destroy();
      throw new Error(`the answer has more than ${maxBytes} bytes`);
    },
    cancel: () => void body.destroy(),
  });
}
