/** Models are asked through the guard alone, with whichever SDK: every place inside, in every spelling, for each. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '@conclave/nest-kit/egress';
import { connectionsTried, hostileNames, hostileUrls } from '@conclave/nest-kit/testing';
import { z } from 'zod';
import { modelEnvironment } from '../config.js';
import { ModelRoutes } from './model-routes.js';

const config = z.object(modelEnvironment).parse({ OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k' });
const at = (url: string, egress: Egress) =>
  new ModelRoutes(
    {
      ...config,
      ...{ OPENAI_BASE_URL: url, ANTHROPIC_BASE_URL: url, GEMINI_BASE_URL: url, OPENAI_COMPATIBLE_BASE_URL: url },
    },
    egress,
  ).routes();
const said = { system: 's', maxOutputTokens: 10, timeoutMs: 10_000, signal: new AbortController().signal };
const ask = (url: string, nth: number, egress: Egress) =>
  at(url, egress)[nth]!.port.complete({ ...said, messages: [{ role: 'user', content: 'there?' }] });

describe.each(['openai', 'anthropic', 'google', 'compatible'].map((family, nth) => [family, nth] as const))(
  'a model of %s',
  (_family, nth) => {
    // An address of nothing is that of the vendor itself.
    it.each(hostileUrls.filter(Boolean))('is not asked at %j', async (url) => {
      expect(await connectionsTried(() => ask(url, nth, new Egress([], hostileNames)))).toBe(0);
    });
  },
);

describe('a model server in a private network', () => {
  let server: Server;
  let url: string;
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => void server.close());

  it('is asked where the operator allows it, and sends nobody on', async () => {
    await expect(ask(url, 3, new Egress([]))).rejects.toMatchObject({ name: 'ModelError', passing: false });
    expect(asked).toEqual([]);
    await expect(ask(url, 3, new Egress(['127.0.0.0/8']))).rejects.toMatchObject({ name: 'ModelError' });
    expect(asked).toEqual(['/v1/chat/completions']);
  });
});
