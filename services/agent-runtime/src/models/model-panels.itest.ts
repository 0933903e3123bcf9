/** `npm run bench -- panels models` against providers that speak the real wire formats. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { open } from '../bench/model-contestant.js';
import { startFakeProviders, type FakeProviders } from '../testing/fake-providers.js';

const BENCH = join(import.meta.dirname, '../../../../libs/dev-env/dist/commands/bench.js');

describe('panels of real models', () => {
  let fakes: FakeProviders;
  let dir: string;
  beforeAll(async () => {
    fakes = await startFakeProviders();
    dir = mkdtempSync(join(tmpdir(), 'conclave-panels-'));
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true });
    await fakes.stop();
  });

  const file = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(dir, name), lines.join('\n'));
    return join(dir, name);
  };
  const bench = (...words: string[]) =>
    promisify(execFile)(process.execPath, [BENCH, 'panels', 'models', '--json', ...words], { env: { PATH: '' } });

  it('are asked by their providers’ formats, and every rule counts the same answers, with what they cost', async () => {
    fakes.answer({ text: 'It loops twice.\nB > A > C' });
    const questions = file('questions.jsonl', [
      JSON.stringify({ question: 'Which is round?', options: ['a box', 'a ball', 'a road'], answer: 'a ball' }),
      JSON.stringify({ question: 'Is that so?', answer: 'rejected' }),
    ]);
    const env = file('env', [
      ...['OPENAI_API_KEY=k-openai', 'OPENAI_MODEL=gpt-5.1,gpt-5-mini', `OPENAI_BASE_URL=${fakes.url}/v1`],
      ...['ANTHROPIC_API_KEY=k-anthropic', `ANTHROPIC_BASE_URL=${fakes.url}/v1`],
      'MODELS_ALLOW=127.0.0.0/8',
    ]);
    const { stdout, stderr } = await bench('--questions', questions, '--env', env);
    expect(stderr).toContain('10 calls; prices 2026-11\n');
    const cases = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number | string>);
    const of = (name: string) => cases.find((one) => one['case'] === name);
    for (const rule of ['plurality', 'approval', 'borda', 'irv', 'schulze', 'ranked-pairs', 'score'])
      expect(of(`${rule}, 5 jurors, options`)).toMatchObject({ agreementPercent: 100, calls: 5, costMicros: 1_890 });
    expect(of('plurality, 5 jurors, options')).toMatchObject({ callsWithStop: 3, costWithStopMicros: 1_350 });
    expect(of('one juror, openai/gpt-5-mini, options')).toMatchObject({ calls: 1, costMicros: 90 });
    // Nobody gave one of the two verdicts: no rule takes that for an answer.
    const silent = { agreementPercent: 0, unansweredPercent: 100 };
    expect(of('approval-gate, 5 jurors, yes or no')).toMatchObject(silent);
    expect(of('one juror, anthropic/claude-sonnet-4-5, yes or no')).toMatchObject(silent);
    const keys = fakes.seen.map(({ path, authorization }) => `${path} ${authorization}`);
    expect(new Set(keys)).toEqual(new Set(['/v1/responses Bearer k-openai', '/v1/messages k-anthropic']));
    expect(fakes.seen[0]!.body).toContain('B: a ball');
  });

  it('are not to be had without a key, nor with one that the provider refuses', async () => {
    await expect(bench()).rejects.toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(/\nThere is no model to ask: set OPENAI_API_KEY, .*\n$/) as unknown as string,
    });
    fakes.answer({ status: 401 });
    const at = { OPENAI_BASE_URL: `${fakes.url}/v1`, MODELS_ALLOW: '127.0.0.0/8' };
    const { models } = open({ OPENAI_API_KEY: 'k', OPENAI_MODEL: 'own-model', ...at });
    expect(models).toMatchObject([{ id: 'openai/own-model', priced: false }]);
    await expect(models[0]!.ask('judge', 'what?')).rejects.toThrow('the provider failed (401)');
    for (const nothing of [{ cut: 'B > A' }, { text: '' }]) {
      fakes.answer(nothing);
      expect(await models[0]!.ask('judge', 'what?')).toEqual({ costMicros: 0 });
    }
  });
});
