import { retryDelayMs } from '@conclave/run-core';
import type { Database } from '@conclave/postgres-kit';
import type { Activation, Json, Turn } from '../engine/agent-port.js';
import { NoRoom, type ModelCalls } from '../models/model-calls.js';
import { ModelError, type ChatMessage, type ModelRoute, type ModelUsage } from '../models/model-port.js';
import type { ModelFallbacks } from '../models/postgres-model-fallbacks.js';
import type { WorkspaceModels } from '../models/workspace-models.js';
import { historyOf } from '../sessions/postgres-sessions.js';
import { TaskAgent, done, failed, parked, type InputOf } from './task-agent.js';

const TIMEOUT_MS = 300_000;
/** Times a call is made when the provider is away or limits us; the task is parked in between. */
const TRIES = 6;
const BACKOFF = { firstMs: 1_000, factor: 3, maxMs: 120_000 } as const;
/** Answers of one task: one, and one more whenever somebody said something meanwhile. */
const ROUNDS = 20;
/** Messages of a session the model is reminded of. */
const REMEMBERED = 50;
const UNAVAILABLE = 'model.unavailable';
const NO_USAGE = { inputTokens: 0, outputTokens: 0, costMicros: 0 } as const;

type Asked =
  /** `model` is the one that answered when it is not the one that was asked. */
  | { readonly text: string; readonly usage: ModelUsage; readonly model?: string }
  | {
      readonly fault: string;
      readonly passing: boolean;
      readonly usage: ModelUsage;
      readonly code?: string;
      /** Nobody was asked, for a cap is full: that is waited for as long as the run lasts. */
      readonly full?: boolean;
    };

interface Conversation {
  readonly turn: Turn;
  readonly model: string;
  readonly input: InputOf<'model'>;
  readonly messages: ChatMessage[];
  /** Faults so far; a wait stands between one and the next. */
  faults: number;
  /** Who gave the last answer. */
  answeredBy: string;
}

/**
 * Asks a model. Which one and what it is asked with is frozen in steps, each answer is one, and what people say meanwhile
 * is put to it before the task ends. The ways to the model are looked for by whoever makes the call: what was answered
 * stays so when there is none any more. When its provider is out or limits us, those that the workspace falls back on are
 * asked in the same step, which keeps who answered. Providers that are all away cost no worker: the task parks until it
 * is time to try again.
 */
export class ModelAgent extends TaskAgent<'model'> {
  readonly name = 'model';
  readonly spends = true;

  constructor(
    private readonly models: Pick<WorkspaceModels, 'routes' | 'get'>,
    private readonly fallbacks: Pick<ModelFallbacks, 'ways'>,
    private readonly calls: ModelCalls,
    private readonly db: Database,
  ) {
    super();
  }

  protected async work(turn: Turn, input: InputOf<'model'>): Promise<Activation> {
    const model = await turn.step('model', async () => (await this.routeOf(turn, input.model))?.id ?? '');
    if (model === '') return failed(UNAVAILABLE, unavailable(input.model ?? ''));
    const history = await turn.step('history', () => this.history(turn));
    const messages: ChatMessage[] = [...(history as unknown as ChatMessage[]), { role: 'user', content: input.prompt }];
    const talk: Conversation = { turn, model, input, messages, faults: 0, answeredBy: model };
    for (let round = 1; ; round++) {
      for (const { text } of await turn.steering(String(round))) messages.push({ role: 'user', content: text });
      if (round > 1 && messages.at(-1)!.role === 'assistant')
        return done({ text: messages.at(-1)!.content, model: talk.answeredBy });
      if (round > ROUNDS) return failed('model.rounds', `it was spoken to more than ${ROUNDS} times`);
      const ending = await this.answer(talk, round);
      if (ending) return ending;
    }
  }

  /** Puts the model's answer into the conversation. @returns how the turn ends when there is none */
  private async answer(talk: Conversation, round: number): Promise<Activation | undefined> {
    const { turn, messages } = talk;
    for (let tries = 1; ; tries++) {
      const asked = await this.ask(talk, `call/${round}/${tries}`);
      if ('text' in asked) {
        messages.push({ role: 'assistant', content: asked.text });
        talk.answeredBy = asked.model ?? talk.model;
        if (asked.model !== undefined) await tellFallback(talk, `${round}/${tries}`, asked.model);
        return undefined;
      }
      if (!asked.passing || (tries >= TRIES && !asked.full)) return failed(asked.code ?? 'model.failed', asked.fault);
      talk.faults++;
      if (await this.hasWaited(turn, talk.faults)) continue;
      const expiresInMs = retryDelayMs(BACKOFF, tries, Math.random());
      return parked(turn, { kind: 'rate', expiresInMs, defaultAnswer: { again: talk.faults } });
    }
  }

  /** Journaled, since the task may wait for something else before its next call is made. */
  private async hasWaited(turn: Turn, fault: number): Promise<boolean> {
    const { again = 0 } = (turn.answer ?? {}) as { readonly again?: number };
    if (again >= fault) return turn.step(`again/${fault}`, async () => true);
    return (await turn.stepsOf(`again/${fault}`))[turn.taskId] === true;
  }

  private async ask({ turn, model, input, messages }: Conversation, name: string): Promise<Asked> {
    const asked = await turn.step(name, async (): Promise<Json> => {
      const routes = await this.fallbacks.ways(turn, model);
      if (!routes) return asJson({ fault: unavailable(model), code: UNAVAILABLE, passing: false, usage: NO_USAGE });
      const { system, maxOutputTokens } = input;
      const texts = [system ?? '', ...messages.map(({ content }) => content)];
      const wayOf = (route: ModelRoute) => ({
        ...route,
        boundMicros: route.port.boundMicros({ texts, maxOutputTokens }),
      });
      const [first, ...others] = routes;
      const call = { name, ways: [wayOf(first), ...others.map(wayOf)], timeoutMs: TIMEOUT_MS } as const;
      try {
        const { answer, way } = await this.calls.make(turn, call, ({ port }, { spoken, retries }) =>
          port.complete({
            ...{ system, messages, maxOutputTokens, timeoutMs: TIMEOUT_MS, signal: turn.signal },
            ...(retries !== undefined && { retries }),
            onText: turn.speaker(spoken),
          }),
        );
        return asJson({ ...answer, ...(way.id !== model && { model: way.id }) });
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        return asJson({
          ...{ fault: error.message, passing: error.passing, usage: error.usage },
          ...(error instanceof NoRoom && { full: true }),
        });
      }
    });
    return asked as unknown as Asked;
  }

  /** The first there is when none is named. */
  private async routeOf(turn: Turn, model: string | undefined): Promise<ModelRoute | undefined> {
    return model === undefined ? (await this.models.routes(turn))[0] : this.models.get(turn, model);
  }

  /** What was said before in the session this is a message of. */
  private async history({ tenantId, actor, runInput }: Turn): Promise<Json> {
    const { trigger } = runInput as { readonly trigger?: { kind?: string; session?: string; no?: number } };
    if (trigger?.kind !== 'message' || trigger.session === undefined || trigger.no === undefined) return [];
    const reader = this.db.autocommit({ tenantId, actor });
    const said = await historyOf(reader, tenantId, trigger.session, { limit: REMEMBERED, before: trigger.no });
    return said.map(({ role, text }) => ({ role: role === 'user' ? 'user' : 'assistant', content: text }));
  }
}

/** A line of the run's story, once the step is kept. */
const tellFallback = ({ turn, model }: Conversation, call: string, answered: string): Promise<void> =>
  turn.tell(`fallback/${call}`, 'model.fell-back', { call: `call/${call}`, asked: model, answered });

const unavailable = (model: string): string => `no model ${model} is configured here`;
const asJson = (asked: Asked): Json => asked as unknown as Json;
