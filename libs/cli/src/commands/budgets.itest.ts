import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, type Budget } from '@conclave/contracts';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave budgets', () => {
  let platform: TestPlatform;
  beforeAll(async () => void (platform = await TestPlatform.start()));
  afterAll(() => platform.stop());

  const conclave = (...words: string[]): Promise<Ended> =>
    runConclave(['budget', ...words], {
      cwd: tmpdir(),
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
    });

  it('sets, lists and removes budgets, with every cent as it was written', async () => {
    expect((await conclave('list')).stdout).toMatch(/^No budgets. Begin: conclave budgets set/);
    const run = newId('run');
    const words = ['--scope', 'run', '--id', run, '--limit', '0.10', '--period', 'day', '--action', 'refuse'];
    const made = JSON.parse((await conclave('set', ...words, '--json')).stdout) as Budget;
    expect(made).toMatchObject({ scope: 'run', scopeId: run, limitMicros: 100_000, period: 'day', action: 'refuse' });
    const { stdout } = await conclave('list');
    expect(stdout).toBe(`${made.id}  run  day  0%  $0.00  $0.00  $0.10  refuse  ${run}\n`);
    const little = await conclave('set', '--scope', 'tenant', '--limit', '0.001');
    expect(little.stdout).toContain('$0.001  park');
    expect((await conclave('remove', made.id)).stdout).toMatch(/^bud_/);
    expect(await conclave('remove', made.id)).toMatchObject({ stderr: expect.stringContaining('No such budget') });
  }, 60_000);

  it.each([
    [['set', '--limit', '1'], '--scope is missing'],
    [['set', '--scope', 'planet', '--limit', '1'], 'there is no "planet"'],
    [['set', '--scope', 'tenant'], '--limit is missing'],
    [['set', '--scope', 'tenant', '--limit', '0.00'], '--limit is an amount'],
    [['set', '--scope', 'tenant', '--limit', '-1'], '--limit is an amount'],
    [['set', '--scope', 'run', '--limit', '1'], '--id is missing'],
    [['set', '--scope', 'tenant', '--limit', '1e3'], '--limit is an amount'],
    [['remove'], 'BUDGET is missing'],
    [['burn'], 'there is no command'],
  ])('refuses %j before it asks anybody', async (words, said) => {
    const seen = platform.seen.length;
    expect(await conclave(...words)).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining(said) });
    expect(platform.seen).toHaveLength(seen);
  });
});
