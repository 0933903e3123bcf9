import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave secrets', () => {
  let platform: TestPlatform;
  beforeAll(async () => void (platform = await TestPlatform.start()));
  afterAll(() => platform.stop());

  const conclave = (words: string[], stdin = ''): Promise<Ended> =>
    runConclave(['secrets', ...words], {
      cwd: tmpdir(),
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
      stdin,
    });

  it('sets what stdin says, makes it new by the same word, and never shows it', async () => {
    expect((await conclave(['list'])).stdout).toBe('No secrets. Begin: conclave secrets set NAME\n');
    await conclave(['set', 'OPENAI_API_KEY'], 'sk-canary-1\n');
    await conclave(['set', 'PEM'], 'line\n\n');
    const again = await conclave(['set', 'OPENAI_API_KEY'], 'sk-canary-2');
    expect(again).toMatchObject({ code: 0, stdout: 'OPENAI_API_KEY  version 2  2026-01-02T00:00:00Z  readable\n' });
    expect(platform.secrets.map(({ name, value }) => [name, value])).toEqual([
      ['PEM', 'line\n'],
      ['OPENAI_API_KEY', 'sk-canary-2'],
    ]);
    const { stdout } = await conclave(['list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ name: 'PEM' }, { name: 'OPENAI_API_KEY', version: 2 }] });
    expect(stdout + again.stdout + again.stderr).not.toContain('canary');
    expect((await conclave(['remove', 'PEM'])).stdout).toMatch(/^Removed sec_/);
    expect(await conclave(['remove', 'PEM'])).toMatchObject({
      stderr: expect.stringContaining('no secret called "PEM"'),
    });
    expect(platform.secrets).toHaveLength(1);
  }, 60_000);

  it.each([
    [['set'], 'NAME is missing'],
    [['list', 'X'], 'unexpected argument'],
    [['show', 'X'], 'there is no command'],
  ])('refuses %j before it asks anybody', async (words, said) => {
    const seen = platform.seen.length;
    expect(await conclave(words)).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining(said) });
    expect(platform.seen).toHaveLength(seen);
  });
});
