import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { modelEnvironment } from '../config.js';
import { startFakeProviders, type FakeProviders } from '../testing/fake-providers.js';
import { modelEgress } from './guarded-fetch.js';
import { ModelError } from './model-port.js';
import { ModelRoutes } from './model-routes.js';

const verdict = {
  vote: 'no',
  reason: 'a null is dereferenced',
  findings: [{ path: 'a.ts', line: 3, severity: 'error', message: 'may be null' }],
};

describe('model routes', () => {
  let fakes: FakeProviders;
  let routes: ModelRoutes;
  const routesFor = (env: Record<string, string>) => {
    const config = z.object(modelEnvironment).parse(env);
    return new ModelRoutes(config, modelEgress(config));
  };
  const ask = (id: string, signal: AbortSignal = new AbortController().signal, timeoutMs = 60_000) =>
    routes.get(id)!.port.judge({ system: 'judge', prompt: 'the change', timeoutMs, signal });

  beforeAll(async () => {
    fakes = await startFakeProviders();
    routes = routesFor({
      OPENAI_API_KEY: 'k-openai',
      OPENAI_BASE_URL: `${fakes.url}/v1`,
      ANTHROPIC_API_KEY: 'k-anthropic',
      ANTHROPIC_BASE_URL: `${fakes.url}/v1`,
      GEMINI_API_KEY: 'k-gemini',
      GEMINI_BASE_URL: `${fakes.url}/v1beta`,
      OPENAI_COMPATIBLE_BASE_URL: `${fakes.url}/compatible/v1`,
      MODELS_ALLOW: '127.0.0.0/8',
    });
  });
  afterAll(() => fakes.stop());

  it('offers a model for each key or address that is set, and none without', () => {
    expect(routesFor({}).routes()).toEqual([]);
    expect(routes.routes().map((route) => route.family)).toEqual(['openai', 'anthropic', 'google', 'compatible']);
  });

  const providers = [
    ['openai/gpt-5.1', '/v1/responses', 'Bearer k-openai', 450],
    ['anthropic/claude-sonnet-4-5', '/v1/messages', 'k-anthropic', 810],
    ['google/gemini-2.5-pro', '/v1beta/models/gemini-2.5-pro:streamGenerateContent', 'k-gemini', 450],
    ['compatible/default', '/compatible/v1/chat/completions', '', 0],
  ] as const;

  it.each(providers)(
    'reads a streamed ballot of %s with its tokens and cost',
    async (id, path, authorization, costMicros) => {
      fakes.answer({ text: JSON.stringify(verdict) });
      expect(await ask(id)).toEqual({
        verdict,
        usage: { inputTokens: 120, cachedTokens: 0, outputTokens: 30, costMicros },
      });
      expect(fakes.seen).toHaveLength(1);
      expect(fakes.seen[0]).toMatchObject({ path, authorization });
      expect(fakes.seen[0]!.body).toContain('the change');
    },
  );

  const ids = providers.map(([id]) => id);

  it.each(ids)(
    'tells %s’s unusable answer from its outage',
    async (id) => {
      for (const text of [
        'I think it is fine.',
        '{"vote":"maybe"}',
        JSON.stringify({ ...verdict, vote: 'yes', findings: 'none' }),
      ]) {
        fakes.answer({ text });
        await expect(ask(id)).rejects.toMatchObject({
          name: 'ModelError',
          passing: false,
          usage: { inputTokens: 120, outputTokens: 30 },
        });
      }
      fakes.answer({ status: 503 });
      await expect(ask(id)).rejects.toMatchObject({ name: 'ModelError', passing: true });
      fakes.answer({ status: 401 });
      await expect(ask(id)).rejects.toMatchObject({ name: 'ModelError', passing: false });
    },
    30_000,
  );

  it.each(ids)('tries no answer of %s again that has no word', async (id) => {
    fakes.answer({ text: '' });
    const request = { messages: [{ role: 'user', content: 'hm?' }], maxOutputTokens: 100, timeoutMs: 60_000 } as const;
    await expect(
      routes.get(id)!.port.complete({ ...request, signal: new AbortController().signal }),
    ).rejects.toMatchObject({
      ...{ name: 'ModelError', message: 'the model said nothing', passing: false },
      usage: { inputTokens: 120, outputTokens: 30 },
    });
  });

  it.each(ids)('does not take a stream of %s that breaks off for an answer', async (id) => {
    fakes.answer({ cut: JSON.stringify(verdict).slice(0, 40) });
    await expect(ask(id)).rejects.toThrow(ModelError);
  });

  it.each(ids)('does not wait for %s for ever: its silence is its outage, and not the caller’s fault', async (id) => {
    fakes.answer({ hang: true });
    // Long enough that it was asked, however busy the machine is.
    await expect(ask(id, new AbortController().signal, 1_000)).rejects.toMatchObject({
      name: 'ModelError',
      passing: true,
      message: 'the provider gave no answer in 1 s',
    });
    expect(fakes.seen.length).toBeGreaterThan(0);
  });

  it('stops when its caller gives up', async () => {
    fakes.answer({ text: JSON.stringify(verdict) });
    await expect(ask('compatible/default', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
