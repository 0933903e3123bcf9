import { describe, expect, it } from '@jest/globals';
import type { Database } from '@conclave/postgres-kit';
import type { Json, Turn } from '../engine/agent-port.js';
import type { ModelCalls, Way } from '../models/model-calls.js';
import type { ModelRoute } from '../models/model-port.js';
import { ModelAgent } from './model.js';

const answer = { text: 'Four.', usage: { inputTokens: 1, outputTokens: 1, costMicros: 1 } };
const route = {
  ...{ id: 'openai/gpt', family: 'openai' },
  port: { boundMicros: () => 1, complete: async () => answer },
} as unknown as ModelRoute;

/** A task of a model that has done these steps before, where these routes are configured. */
function asked(
  routes: ModelRoute[],
  before: Readonly<Record<string, Json>>,
  model?: string,
  journal = new Map(Object.entries(before)),
) {
  const models = { routes: async () => routes, get: async (_: object, id: string) => routes.find((r) => r.id === id) };
  const fallbacks = {
    ways: async (_: object, id: string) => {
      const found = routes.find((route) => route.id === id);
      return found && ([found, ...routes.filter((route) => route !== found)] as const);
    },
  };
  /** The last way answers. */
  const calls = {
    make: async (_turn: object, { ways }: { ways: Way[] }, work: (way: Way, asking: object) => Promise<Json>) => ({
      answer: await work(ways.at(-1)!, {}),
      way: ways.at(-1),
    }),
  };
  const step = async <T extends Json>(name: string, work: () => Promise<T>): Promise<T> => {
    if (!journal.has(name)) journal.set(name, await work());
    return journal.get(name) as T;
  };
  const turn = {
    ...{ tenantId: 'ten', runId: 'run', taskId: 'root', runInput: {}, answer: undefined },
    input: { prompt: 'two and two?', ...(model && { model }) },
    ...{ step, steering: (name: string) => step(`steering/${name}`, async () => []) },
    stepsOf: async (name: string) => (journal.has(name) ? { root: journal.get(name) } : {}),
    speaker: () => () => undefined,
    tell: (name: string, type: string, data: Json) => step(`tell/${name}`, async () => ({ type, data })),
  } as unknown as Turn;
  return new ModelAgent(models, fallbacks, calls as unknown as ModelCalls, {} as Database).activate(turn);
}

const begun = { model: 'openai/gpt', history: [], 'steering/1': [] };
const unavailable = { kind: 'failed', code: 'model.unavailable', message: 'no model openai/gpt is configured here' };

describe('a task of a model', () => {
  it('is done with what was answered, also where the way to the model is gone since', async () => {
    expect(await asked([], { ...begun, 'call/1/1': answer })).toMatchObject({
      kind: 'done',
      result: { text: 'Four.' },
    });
  });

  it('fails where there is no way to the model, before its first call or in a later one', async () => {
    expect(await asked([], {}, 'openai/gpt')).toEqual(unavailable);
    expect(await asked([], begun)).toEqual(unavailable);
    expect(await asked([], {})).toMatchObject({ code: 'model.unavailable' });
  });

  it.each([
    ['waits on while a cap keeps it from asking anybody', { full: true }, { kind: 'parked', wait: { kind: 'rate' } }],
    ['fails when all whom it asked six times were out', {}, { kind: 'failed', code: 'model.failed' }],
  ])('%s', async (_, more, ending) => {
    const fault = { fault: 'no', passing: true, usage: answer.usage, ...more };
    const six = [1, 2, 3, 4, 5, 6].map((no) => [[`call/1/${no}`, fault], ...(no < 6 ? [[`again/${no}`, true]] : [])]);
    const before = Object.fromEntries(six.flat()) as Record<string, Json>;
    expect(await asked([route], { ...begun, ...before })).toMatchObject(ending);
  });

  it('asks the first model there is when none is named', async () => {
    const done = { kind: 'done', result: { text: 'Four.', model: 'openai/gpt' } };
    expect(await asked([route], {})).toEqual(done);
  });

  it('keeps who answered in place of the model it asks, and says so in its result and story', async () => {
    const other = { ...route, id: 'anthropic/claude' };
    const journal = new Map<string, Json>();
    expect(await asked([route, other], {}, 'openai/gpt', journal)).toEqual({
      kind: 'done',
      result: { text: 'Four.', model: 'anthropic/claude' },
    });
    expect(journal.get('call/1/1')).toEqual({ ...answer, model: 'anthropic/claude' });
    expect(journal.get('tell/fallback/1/1')).toEqual({
      type: 'model.fell-back',
      data: { call: 'call/1/1', asked: 'openai/gpt', answered: 'anthropic/claude' },
    });
    // Done again, nobody is asked.
    expect(await asked([], Object.fromEntries(journal))).toMatchObject({ result: { model: 'anthropic/claude' } });
  });
});
