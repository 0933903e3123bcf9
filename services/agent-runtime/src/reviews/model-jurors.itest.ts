import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Decision, ReviewResult } from '@conclave/contracts';
import { startConstellation, type Constellation } from '@conclave/dev-env';
import { startFakeProviders, type FakeAnswer, type FakeProviders } from '../testing/fake-providers.js';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../../../../libs/cli/bin/conclave.mjs');
const verdict = (vote: string, findings: object[] = []): FakeAnswer => ({
  text: JSON.stringify({ vote, reason: `votes ${vote}`, findings }),
});

describe('model jurors on a panel', () => {
  let fakes: FakeProviders;
  let platform: Constellation;
  let repository: string;

  beforeAll(async () => {
    fakes = await startFakeProviders();
    const env = {
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: `${fakes.url}/v1`,
      OPENAI_COMPATIBLE_BASE_URL: `${fakes.url}/compatible/v1`,
    };
    platform = await startConstellation({ env });
    repository = await mkdtemp(join(tmpdir(), 'model-jurors-'));
    const git = (...words: string[]) =>
      run('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
    await git('init', '-qb', 'main');
    await writeFile(join(repository, 'a.js'), 'export const half = (n) => n / 2;\n');
    await git('add', '.');
    await git('commit', '-qm', 'half');
    await git('checkout', '-qb', 'change');
    await writeFile(join(repository, 'a.js'), 'export const half = (n) => n / 3;\n');
    await git('commit', '-qam', 'halve better');
  }, 180_000);
  afterAll(async () => {
    await platform?.stop();
    await fakes.stop();
    await rm(repository, { recursive: true, force: true });
  }, 60_000);

  const review = async (): Promise<ReviewResult> => {
    const env = { ...process.env, CONCLAVE_STATE_DIR: dirname(platform.devFile) };
    const words = [cli, 'review', '--repo', repository, '--base', 'main', '--head', 'change', '--json'];
    const { stdout } = await run(process.execPath, words, { env }).catch((failed: { stdout: string; code: number }) => {
      if (![1, 2].includes(failed.code)) throw failed as unknown as Error;
      return failed;
    });
    return JSON.parse(stdout) as ReviewResult;
  };
  const read = async <T>(path: string): Promise<T> =>
    (await (
      await fetch(`${platform.gateway}${path}`, { headers: { authorization: `Bearer ${platform.apiKey}` } })
    ).json()) as T;
  const seatOf = (result: ReviewResult, provider: string) =>
    result.seats.find(({ seat }) => seat.startsWith(`model:${provider}`));

  it('vote sealed when there are two, and one error at a line rejects what every check let pass', async () => {
    fakes.answer(verdict('yes', [{ path: 'a.js', line: 1, severity: 'error', message: 'a half is not a third' }]));
    const result = await review();
    expect(result).toMatchObject({ outcome: 'rejected' });
    expect(result.findings).toContainEqual(
      expect.objectContaining({ path: 'a.js', line: 1, severity: 'error', rule: 'model-review' }),
    );
    expect(result.usage).toMatchObject({ inputTokens: 240, outputTokens: 60 });
    const decision = await read<Decision>(`/v1/decisions/${result.decision}`);
    expect(decision).toMatchObject({ secrecy: 'sealed', phase: 'sealed' });
    expect(decision.ballots.every(({ status }) => status === 'counted' || status === 'abstained')).toBe(true);
    expect(fakes.seen).toHaveLength(2);
  }, 90_000);

  it('are asked once more when the answer is no ballot, and abstain after that', async () => {
    fakes.answer({ text: 'Looks good to me!' });
    const result = await review();
    expect(result.outcome).toBe('approved');
    for (const provider of ['openai', 'compatible'])
      expect(seatOf(result, provider)).toMatchObject({
        vote: 'abstain',
        reason: 'the model gave no usable ballot in two attempts',
      });
    expect(fakes.seen).toHaveLength(4);
    expect(result.usage).toMatchObject({ inputTokens: 480 });
  }, 90_000);

  it('abstain with the reason when their provider is down, and the others decide', async () => {
    fakes.answer({ status: 503 });
    const result = await review();
    expect(result.outcome).toBe('approved');
    expect(seatOf(result, 'openai')).toMatchObject({ vote: 'abstain', reason: 'the provider failed (503)' });
  }, 90_000);

  it('cannot point outside the change', async () => {
    fakes.answer(verdict('no', [{ path: '/etc/passwd', line: 1, severity: 'error', message: 'x' }]));
    const result = await review();
    expect(result.findings.filter(({ rule }) => rule === 'model-review')).toEqual([]);
    expect(result.outcome).toBe('rejected');
  }, 90_000);
});
