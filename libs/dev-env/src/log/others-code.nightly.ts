/**
 * Go's own transparency log packages against a running installation: `deploy/verify/tlog`, built by `deploy/verify/nightly.sh`,
 * whose place `TLOG_VERIFIER` names.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run, type Outcome } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { closeTestRun, openTestRun } from '../testing/test-run.js';

interface Log {
  readonly vkey: string;
  readonly size: number;
}

describe('golang.org/x/mod/sumdb over the public API', () => {
  let platform: Constellation;
  let dir: string;
  let between: Server;
  /** What is done to a body on its way, by path. */
  let damaged: (path: string, body: Buffer) => Buffer = (_, body) => body;

  beforeAll(async () => {
    platform = await startConstellation();
    dir = openTestRun();
    const pass = async (url: string, response: ServerResponse): Promise<void> => {
      const answer = await fetch(`${platform.gateway}/v1/audit/log${url}`, { headers: authorization() });
      response.writeHead(answer.status).end(damaged(url, Buffer.from(await answer.arrayBuffer())));
    };
    between = createServer(({ url = '' }, response) => void pass(url, response)).listen(0, '127.0.0.1');
  }, 180_000);
  afterAll(async () => {
    between?.close();
    closeTestRun(dir);
    await platform?.stop();
  }, 60_000);

  const authorization = () => ({ authorization: `Bearer ${platform.apiKey}` });
  const log = async (): Promise<Log> =>
    (await (await fetch(`${platform.gateway}/v1/audit/log`, { headers: authorization() })).json()) as Log;
  const add = async (n: number, grade = 'audited'): Promise<void> => {
    const answer = await fetch(`${platform.gateway}/v1/audit/entries`, {
      method: 'POST',
      headers: { ...authorization(), 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'test.counted', data: { n }, grade }),
    });
    expect(answer.status).toBe(201);
  };
  /** Adds so many; the last one is in a published checkpoint, and so are those before. */
  const addAll = async (count: number): Promise<void> => {
    for (let n = 0; n < count - 1; n += 20)
      await Promise.all(Array.from({ length: Math.min(20, count - 1 - n) }, (_, at) => add(n + at)));
    await add(count - 1, 'sealed');
  };
  const verify = async (words: readonly string[], vkey?: string): Promise<Outcome> => {
    const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const env = { ...process.env, TOKEN: platform.apiKey };
    return run(process.env['TLOG_VERIFIER']!, ['-url', url, '-vkey', vkey ?? (await log()).vkey, ...words], { env });
  };

  it('verifies signature, every inclusion, and growth from one checkpoint to the next, from tiles', async () => {
    const old = join(dir, 'checkpoint');
    await addAll(40);
    const { size } = await log();
    expect(await verify(['-save', old])).toMatchObject({ code: 0, stdout: `${size} entries are in the log\n` });
    await addAll(600);
    const grown = await log();
    expect(await verify(['-older', old])).toMatchObject({
      code: 0,
      stdout: `${grown.size} entries are in the log, and only grew from ${size}\n`,
    });
    expect(grown.size).toBeGreaterThan(2 * 256);
  });

  it('refuses another key, a changed entry, a changed tile and a changed checkpoint', async () => {
    const { vkey } = await log();
    const other = (await (
      await fetch(`${platform.gateway}/v1/audit/log`, { headers: { authorization: `Bearer ${platform.apiKeyB}` } })
    ).json()) as Log;
    expect((await verify([], other.vkey)).code).toBe(1);
    for (const part of ['/tile/entries/000', '/tile/0/001', '/checkpoint']) {
      damaged = (path, body) => {
        if (path === part) body[body.length >> 1]! ^= 1;
        return body;
      };
      expect((await verify([], vkey)).code).toBe(1);
    }
    damaged = (_, body) => body;
    expect((await verify([], vkey)).code).toBe(0);
  });
});
