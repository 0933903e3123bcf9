import { createConnection } from 'node:net';

/**
 * Connects, sends the words and reports whether the first answer contains what is expected.
 * Used where a whole client library would be needed only to ask "are you there".
 */
export function answers(port: number, words: string, expected: RegExp, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((done) => {
    let said = '';
    const socket = createConnection({ port, host, timeout: 2_000 }, () => socket.write(words));
    const close = (result: boolean) => {
      socket.destroy();
      done(result);
    };
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (expected.test(said)) close(true);
    });
    socket.on('error', () => close(false));
    socket.on('timeout', () => close(false));
    socket.on('close', () => done(false));
  });
}
