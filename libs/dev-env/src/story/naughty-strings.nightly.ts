/** The Big List of Naughty Strings at every place of every request. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { naughty, requestWith, textsOf } from './naughty-strings.js';
import { ask, furnish, routeOf, routes } from './strangers.js';

const AT_ONCE = 16;
let platform: Constellation;

beforeAll(async () => {
  const unlimited = String(100_000_000);
  platform = await startConstellation({ env: { RATE_LIMIT_PRINCIPAL: unlimited, RATE_LIMIT_ADDRESS: unlimited } });
}, 180_000);
afterAll(() => platform.stop(), 60_000);

it('the public API takes naughty strings at every place, or says why not, and gives back what it took', async () => {
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
