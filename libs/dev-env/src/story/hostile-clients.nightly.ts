/**
 * What programs made to break servers find of a whole installation: nothing. schemathesis makes requests from the published
 * description, the Big List of Naughty Strings stands in every field, sqlmap and wapiti look for what they know; against
 * loopback only.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { naughty, requestWith, textsOf } from './naughty-strings.js';
import { ask, furnish, routeOf, routes } from './strangers.js';

const { HOSTILE_PYTHON = 'python3' } = process.env;
const AT_ONCE = 16;
let platform: Constellation;
let dir: string;

beforeAll(async () => {
  const unlimited = String(100_000_000);
  platform = await startConstellation({ env: { RATE_LIMIT_PRINCIPAL: unlimited, RATE_LIMIT_ADDRESS: unlimited } });
  dir = mkdtempSync(join(tmpdir(), 'hostile-'));
}, 180_000);
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await platform.stop();
}, 60_000);

describe('the public API', () => {
  it('takes every naughty string at every place, or says why not, and gives back what it took', async () => {
    const ids = await furnish(platform.gateway, platform.apiKey);
    const nobody = (prefix: string): string => `${prefix}_01jc8xq3v9e601s0m7t4n2k5r9`;
    const idOf = (prefix: string): string => ids.get(prefix) ?? nobody(prefix);
    const asked = routes.filter(({ transport }) => transport !== 'stream');
    const places = asked.flatMap((route) => textsOf(route).map((path) => ({ route, path })));
    expect(places.length).toBeGreaterThan(200);
    const queue = places.flatMap((place) => naughty.map((text) => ({ ...place, text })));
    const faults: string[] = [];
    const worker = async (): Promise<void> => {
      for (let one = queue.pop(); one; one = queue.pop()) {
        const { route, path, text } = one;
        // What the others are asked with stays: nothing that is there is deleted.
        const request = requestWith(route, path, text, route.http.method === 'DELETE' ? nobody : idOf);
        const answer = await ask(platform.gateway, platform.apiKey, route, request);
        const said = `${answer.status} ${routeOf(route)} ${path.join('/')} ${JSON.stringify(text)}`;
        if (answer.status >= 500) faults.push(said);
        if (answer.status >= 300 || path.length !== 1 || !answer.text.startsWith('{')) continue;
        const given = (JSON.parse(answer.text) as Record<string, unknown>)[String(path[0])];
        if (typeof given === 'string' && given !== text) faults.push(`${said} came back as ${JSON.stringify(given)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(faults).toEqual([]);
  }, 1_800_000);

  it('is what its description says, for a generator of requests with and without a credential', async () => {
    const { stdout, code } = await run(
      join(HOSTILE_PYTHON, '../st'),
      [
        ...['--config-file', 'deploy/verify/hostile/schemathesis.toml', 'run', `${platform.gateway}/openapi.json`],
        ...['--phases', 'examples,coverage,fuzzing', '--max-time', '900', '--workers', '2', '--continue-on-failure'],
        ...['--request-timeout', '30', '--exclude-path-regex', '/events$|/uploads', '--seed', '7'],
      ],
      { env: { ...process.env, API_KEY: platform.apiKey }, timeoutMs: 1_500_000 },
    );
    expect([code, stdout.slice(-4_000)]).toEqual([0, expect.any(String)]);
  }, 1_800_000);
});
