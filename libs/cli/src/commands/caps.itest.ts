import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { EXIT } from '../exit-codes.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave caps', () => {
  let platform: TestPlatform;
  beforeAll(async () => void (platform = await TestPlatform.start()));
  afterAll(() => platform.stop());

  const conclave = (...words: string[]): Promise<Ended> =>
    runConclave(['caps', ...words], {
      cwd: tmpdir(),
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
    });

  it('sets, lists and takes away caps', async () => {
    expect((await conclave('list')).stdout).toMatch(/^No caps. Begin: conclave caps set agent model 4/);
    expect((await conclave('set', 'agent', 'review/llm', '4')).stdout).toBe('review/llm  agent  0  4\n');
    const workspace = newId('workspace');
    await conclave('set', 'workspace', workspace, '2');
    const { stdout } = await conclave('list');
    expect(stdout.split('\n').map((line) => line.split(/ +/))).toEqual([
      ['review/llm', 'agent', '0', '4'],
      [workspace, 'workspace', '0', '2'],
      [''],
    ]);
    expect((await conclave('remove', 'agent', 'review/llm')).stdout).toBe('review/llm  agent  0  any\n');
    expect((await conclave('list')).stdout).not.toContain('review/llm');
  }, 60_000);

  it.each([
    [['set', 'agent', 'model'], 'SLOTS is missing'],
    [['set', 'planet', 'model', '4'], 'There are: workspace, agent, provider'],
    [['set', 'agent', 'model', 'many'], 'many is not a number'],
  ])('refuses %j before it asks anybody', async (words, said) => {
    const seen = platform.seen.length;
    expect(await conclave(...words)).toMatchObject({ code: EXIT.usage, stderr: expect.stringContaining(said) });
    expect(platform.seen).toHaveLength(seen);
  });
});
