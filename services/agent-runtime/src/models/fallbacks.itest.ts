/** Tasks ask another model in the same step when theirs is out; every provider speaks its real wire format. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  budgets,
  caps,
  events,
  models,
  newId,
  permissions,
  runs,
  runtime,
  type Run,
  type TaskResults,
} from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { startFakeProviders, type FakeAnswer, type FakeProviders } from '../testing/fake-providers.js';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';

const GPT = 'openai/gpt-5.1';
const CLAUDE = 'anthropic/claude-sonnet-4-5';
const GEMINI = 'google/gemini-2.5-pro';
const OWN = 'compatible/default';
/** What the fakes say an answer of Claude used, by the price table. */
const CLAUDE_MICROS = 810;
/** Asked again at once. */
const OUT = { status: 503, retryAfter: '0' } as const;

describe('a model whose provider is out', () => {
  let fakes: FakeProviders;
  let fixture: RuntimeFixture;
  let me: TestPrincipal;

  beforeAll(async () => {
    fakes = await startFakeProviders();
    fixture = await startRuntimeFixture({
      ...{ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${fakes.url}/v1` },
      ...{ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: `${fakes.url}/v1` },
      // Nobody listens there.
      ...{ GEMINI_API_KEY: 'k', GEMINI_BASE_URL: 'http://127.0.0.1:1/v1beta' },
      ...{ OPENAI_COMPATIBLE_BASE_URL: `${fakes.url}/compatible/v1`, MODELS_ALLOW: '127.0.0.0/8' },
    });
  });
  beforeEach(() => {
    me = testPrincipal();
  });
  afterAll(async () => {
    await fixture.stop();
    await fakes.stop();
  });

  const fallBack = (model: string, fallbacks: string[], as = me) =>
    fixture.call(models.setFallbacks, { model, fallbacks }, as);
  const listed = async (as = me) =>
    new Map((await fixture.call(models.listModels, {}, as)).items.map((one) => [one.model, one.fallbacks]));
  const ask = (model: string, { as = me, waitMs = 20_000 } = {}): Promise<Run> => {
    const input = { prompt: 'two and two?', model, maxOutputTokens: 100 };
    return fixture.call(runs.createRun, { agent: 'model', input, waitMs }, as);
  };
  const resultOf = async ({ id }: Run) =>
    ((await fixture.call(runtime.getRunResult, { id }, me)) as TaskResults).result as unknown;
  const booked = async () => {
    const { items } = await fixture.call(budgets.getUsage, { by: 'model' }, me);
    return Object.fromEntries(items.map(({ key, calls, costMicros }) => [key, [calls, costMicros]]));
  };
  const waitsOf = async ({ id }: Run) => (await fixture.call(runs.listWaits, { id }, me)).items.map(({ kind }) => kind);
  /** For each of its turns, whose service its task names and whose it counted for in the end. */
  const countedFor = async ({ id }: Run) =>
    (
      await fixture.database.query<{ provider: string; asks: string | null }>(
        'select provider, asks from runtime.turn where run_id = $1 order by no',
        [id],
      )
    ).map(({ provider, asks }) => [provider, asks]);
  const asked = () => fakes.seen.map(({ path }) => path.split('/').at(-1));

  it.each<[string, string, FakeAnswer]>([
    ['limits us', GPT, { status: 429, retryAfter: '60' }],
    ['limits us until a date', GPT, { status: 429, retryAfter: new Date(Date.now() + 60_000).toUTCString() }],
    ['fails', GPT, { status: 503 }],
    ['is overloaded', OWN, { status: 529 }],
    ['breaks off', GPT, { cut: 'Fo' }],
    ['cannot be reached', GEMINI, { text: 'not it' }],
  ])('is stood in for, in the same step, when it %s', async (_, model, fault) => {
    await fallBack(model, [CLAUDE]);
    const answer = { text: 'Four.' };
    if (model === GEMINI) fakes.answer(answer);
    else fakes.answer(fault, answer);
    const run = await ask(model);
    expect(run.state).toBe('completed');
    expect(await resultOf(run)).toEqual({ text: 'Four.', model: CLAUDE });
    expect(asked().at(-1)).toBe('messages');
    expect(asked()).toHaveLength(model === GEMINI ? 1 : 2);
    expect(await waitsOf(run)).toEqual([]);
    expect(await booked()).toEqual({ [CLAUDE]: [1, CLAUDE_MICROS] });
    const { items } = await fixture.call(runs.listSteps, { id: run.id }, me);
    expect(items.filter(({ name }) => name.startsWith('call/')).map(({ name }) => name)).toEqual(['call/1/1']);
    const told = await fixture.database.query(
      `select data from runtime.run_event where run_id = $1 and type = 'model.fell-back'`,
      [run.id],
    );
    expect(told).toEqual([{ data: { call: 'call/1/1', asked: model, answered: CLAUDE } }]);
    expect(await countedFor(run)).toEqual([[model.split('/')[0], 'anthropic']]);
    await fallBack(model, []);
    expect(await fixture.call(runs.replayRun, { id: run.id }, me)).toMatchObject({ identical: true, turns: 1 });
    expect(asked()).toHaveLength(model === GEMINI ? 1 : 2);
  });

  it('is not when it refuses: what is wrong with the request or the key is nobody else’s to answer', async () => {
    await fallBack(GPT, [CLAUDE]);
    fakes.answer({ status: 401 }, { text: 'Four.' });
    expect(await ask(GPT)).toMatchObject({ state: 'failed', failure: { code: 'model.failed' } });
    expect(asked()).toEqual(['responses']);
  });

  it('is stood in for in order, and when all are out the task parks and begins again with the first', async () => {
    await fallBack(GPT, [GEMINI, CLAUDE]);
    fakes.answer(OUT, OUT, OUT, { text: 'Four.' });
    const run = await ask(GPT);
    expect(await resultOf(run)).toEqual({ text: 'Four.', model: GPT });
    // The last one is asked twice, as it would be alone.
    expect(asked()).toEqual(['responses', 'messages', 'messages', 'responses']);
    expect(await waitsOf(run)).toEqual(['rate']);
    expect(await countedFor(run)).toEqual([
      ['openai', 'anthropic'],
      ['openai', null],
    ]);
  });

  it('is passed by while it rests, in its workspace alone, and by nobody who has no other way', async () => {
    await fallBack(GPT, [CLAUDE]);
    fakes.answer({ status: 429, retryAfter: '60' }, { text: 'Four.' });
    await ask(GPT);
    fakes.answer({ text: 'Four.' });
    await ask(GPT);
    expect(asked()).toEqual(['messages']);
    const elsewhere = { ...me, workspaceId: newId('workspace') };
    await ask(GPT, { as: elsewhere });
    await fallBack(GPT, []);
    await ask(GPT);
    expect(asked()).toEqual(['messages', 'responses', 'responses']);
  });

  it('is held in the budgets at the dearest of them, and one of unknown price is none of them', async () => {
    const limit = (limitMicros: number) =>
      fixture.call(budgets.setBudget, { scope: 'tenant', action: 'refuse', limitMicros }, me);
    await fallBack(GPT, [CLAUDE]);
    // 4,014 tokens in at most and 100 out: GPT 6,018 micros, Claude 13,542.
    await limit(13_000);
    fakes.answer({ status: 503 }, { text: 'Four.' });
    expect(await ask(GPT)).toMatchObject({ state: 'failed', failure: { code: 'budget.exhausted' } });
    expect(asked()).toEqual([]);
    await limit(14_000);
    expect((await ask(GPT)).state).toBe('completed');
    const [budget] = (await fixture.call(budgets.listBudgets, {}, me)).items;
    expect(budget).toMatchObject({ spentMicros: CLAUDE_MICROS, reservedMicros: 0 });
    await fallBack(GPT, [OWN]);
    fakes.answer(OUT, OUT, { text: 'Four.' });
    expect(await resultOf(await ask(GPT))).toMatchObject({ model: GPT });
    expect(asked()).toEqual(['responses', 'responses', 'responses']);
  });

  it('is not stood in for beyond the cap of another provider', async () => {
    await fixture.call(caps.setCap, { kind: 'provider', name: 'anthropic', slots: 1 }, me);
    await fallBack(GPT, [CLAUDE]);
    fakes.answer({ hang: true }, OUT, { text: 'Four.' });
    const holding = await ask(CLAUDE, { waitMs: 0 });
    await eventually(() => expect(asked()).toEqual(['messages']));
    const run = await ask(GPT);
    expect(await resultOf(run)).toEqual({ text: 'Four.', model: GPT });
    expect(asked()).toEqual(['messages', 'responses', 'responses']);
    expect(await waitsOf(run)).toEqual(['rate']);
    await fixture.call(runtime.cancelRun, { id: holding.id }, me);
  });

  describe('has its stand-ins from who may say so', () => {
    it('and tells of each change, and of no other', async () => {
      for (const fallbacks of [[CLAUDE], [CLAUDE], [CLAUDE, GEMINI], [], []]) await fallBack(GPT, fallbacks);
      const told = await fixture.emitted(events.fallbacksChanged.type, me.tenantId);
      const change = { workspace: me.workspaceId, model: GPT };
      expect(told.map(({ data }) => data)).toEqual(
        [[CLAUDE], [CLAUDE, GEMINI], []].map((fallbacks) => ({ ...change, fallbacks })),
      );
    });

    it('and keeps them to the workspace', async () => {
      await fallBack(GPT, [CLAUDE]);
      expect((await listed()).get(GPT)).toEqual([CLAUDE]);
      for (const other of [{ ...me, workspaceId: newId('workspace') }, testPrincipal({ workspaceId: me.workspaceId })])
        expect([...(await listed(other)).values()]).toEqual([[], [], [], []]);
    });

    it('which have to be known, and each once, and few', async () => {
      const unknown = { code: 'runtime.model.unknown', params: { model: 'openai/gpt-9' } };
      expect(await refusedWith(fallBack(GPT, ['openai/gpt-9']))).toMatchObject(unknown);
      expect(await refusedWith(fallBack('openai/gpt-9', [GPT]))).toMatchObject(unknown);
      for (const fallbacks of [[GPT], [CLAUDE, CLAUDE], [CLAUDE, GEMINI, OWN, 'one/more']])
        expect(await refusalOf(fallBack(GPT, fallbacks))).toBe('request.invalid');
      // What is not there any more can be taken away.
      await fallBack('openai/gpt-9', []);
      const as = testPrincipal({ scopes: permissions.filter((permission) => permission !== 'workspace:manage') });
      expect(await refusalOf(fallBack(GPT, [CLAUDE], as))).toBe('auth.forbidden');
    });
  });
});
