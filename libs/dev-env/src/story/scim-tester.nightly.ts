import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mustRun } from '../processes/run.js';
import { startConstellation, type Constellation } from '../testing/constellation.js';

const { SCIM_PYTHON = 'python3' } = process.env;
let platform: Constellation;

beforeAll(async () => {
  platform = await startConstellation();
}, 180_000);
afterAll(() => platform.stop(), 60_000);

it('a directory finds all of SCIM that scim2-tester knows', async () => {
  const response = await fetch(`${platform.gateway}/v1/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'directory', scopes: ['scim:provision'] }),
  });
  const { key } = (await response.json()) as { key: string };
  const env = { ...process.env, BASE: `${platform.gateway}/scim/v2`, TOKEN: key };
  const said = await mustRun(SCIM_PYTHON, ['deploy/verify/scim/test_server.py'], { env });
  expect(said).toMatch(/\n(\d+) of \1 checks passed\n$/);
}, 300_000);
