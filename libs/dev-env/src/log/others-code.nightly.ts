/**
 * A running installation read by others' programs, which `deploy/verify/nightly.sh` builds: its log by Go's own packages for
 * transparency logs (`deploy/verify/tlog`, whose place `TLOG_VERIFIER` names), and exports for other systems by parsers of
 * those formats (`deploy/verify/syslog`, at `SYSLOG_READER`; `deploy/verify/exports.py`, by the Python at `EXPORTS_PYTHON`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../paths.js';
import { mustRun, run, type Outcome } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { closeTestRun, openTestRun } from '../testing/test-run.js';

interface Log {
  readonly vkey: string;
  readonly size: number;
}

interface JsonLine {
  readonly index: number;
  readonly leafHash: string;
  readonly entry: string;
  readonly disclosed?: { readonly data: object };
}
interface Place {
  readonly index: string;
  readonly leafHash: string;
  readonly size?: string;
}
interface Read {
  readonly place: Place;
  readonly said: object;
}

/** What ends fields, values, elements and lines, for some reader or other. */
const NAUGHTY = [
  '\n',
  '\r\n',
  '\u0085',
  '\u2028',
  '|',
  '\\',
  '=',
  ' cs1=x',
  '"] [a@1 b="',
  '\u{1f600}',
  '\u001b[2J',
  '',
];

describe('others’ programs over the public API', () => {
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
  const post = async (path: string, body: object): Promise<Response> => {
    const headers = { ...authorization(), 'content-type': 'application/json' };
    const answer = await fetch(`${platform.gateway}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(201);
    return answer;
  };
  const add = (n: number, grade = 'audited'): Promise<Response> =>
    post('/v1/audit/entries', { type: 'test.counted', data: { n, text: NAUGHTY[n % NAUGHTY.length] }, grade });
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

  /** The lines of an export of the first so many entries, as a file. */
  const exported = async (format: string, to: number): Promise<string> => {
    const { id } = (await (await post('/v1/audit/exports', { format, range: { to } })).json()) as { id: string };
    const url = `${platform.gateway}/v1/audit/exports/${id}/content`;
    const file = join(dir, `log.${format}`);
    writeFileSync(file, await (await fetch(url, { headers: authorization() })).text());
    return file;
  };

  it('golang.org/x/mod/sumdb verifies signature, every inclusion, and growth from one checkpoint to the next, from tiles', async () => {
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

  it('golang.org/x/mod/sumdb refuses another key, a changed entry, a changed tile and a changed checkpoint', async () => {
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

  it.each([
    ['ocsf', process.env['EXPORTS_PYTHON']!, [join(repositoryRoot, 'deploy/verify/exports.py'), 'ocsf']],
    ['cef', process.env['EXPORTS_PYTHON']!, [join(repositoryRoot, 'deploy/verify/exports.py'), 'cef']],
    ['rfc5424', process.env['SYSLOG_READER']!, []],
  ])(
    'a parser of %s reads what the log holds, and refuses a line that is none',
    async (format, program, words) => {
      await addAll(40);
      const { size } = await log();
      const entries = readFileSync(await exported('jsonl', size), 'utf8').split('\n');
      const file = await exported(format, size);
      const read = (await mustRun(program, [...words, file])).trim().split('\n');
      expect(read).toHaveLength(size + 1);
      const { place } = JSON.parse(read.pop()!) as Read;
      expect(Number(place.size)).toBeGreaterThanOrEqual(size);
      const held = entries
        .map((line) => JSON.parse(line || '{}') as JsonLine)
        .filter(({ entry }) => entry)
        .map(({ index, leafHash, entry, disclosed }) => {
          const { data, commitment, verdict } = JSON.parse(Buffer.from(entry, 'base64').toString()) as {
            data: object;
            commitment?: string;
            verdict?: object;
          };
          const said = {
            data: commitment === undefined ? data : { ...data, commitment },
            ...(disclosed && { disclosed: disclosed.data }),
            ...(verdict && { verdict }),
          };
          return { place: { index: `${index}`, leafHash }, said };
        });
      expect(
        read.map((line) => {
          const { place, said } = JSON.parse(line) as Read;
          return { place: { index: place.index, leafHash: place.leafHash }, said };
        }),
      ).toEqual(held);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"severity_id":1|CEF:0|<110>1/, '"extra":1'));
      expect((await run(program, [...words, file])).code).toBe(1);
    },
    240_000,
  );
});
