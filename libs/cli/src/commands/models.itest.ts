import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

describe('conclave models', () => {
  let platform: TestPlatform;
  beforeAll(async () => void (platform = await TestPlatform.start()));
  afterAll(() => platform.stop());

  const conclave = (...words: string[]): Promise<Ended> =>
    runConclave(['models', ...words], {
      cwd: tmpdir(),
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
    });

  it('says what stands in for a model, lists it and takes it away', async () => {
    const said = (await conclave('set-fallbacks', 'openai/gpt-5.1', 'anthropic/claude,google/gemini')).stdout;
    expect(said).toBe('openai/gpt-5.1, then anthropic/claude, then google/gemini\n');
    expect((await conclave('list')).stdout).toBe('openai/gpt-5.1  openai  anthropic/claude, google/gemini\n');
    expect((await conclave('remove-fallbacks', 'openai/gpt-5.1')).stdout).toBe('openai/gpt-5.1\n');
    expect((await conclave('list')).stdout).toBe('openai/gpt-5.1  openai\n');
  }, 60_000);
});
