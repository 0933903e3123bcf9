/** A claimed turn as its agent sees it: the journal is read before anything is done, and written before it counts. */
import { createHash } from 'node:crypto';
import type { Database } from '@conclave/postgres-kit';
import type { Json, Steering, Turn } from './agent-port.js';
import { Paused, type ClaimedTurn } from './claimed-turn.js';
import type { LiveRuns } from '../runs/live-runs.js';
import { effectsOf } from './effects.js';
import type { Engine } from './engine.js';
import { journalForm } from './journal-form.js';
import type { StoryLine } from './postgres-step.js';
import { messagesAfter, resultsOf, stepsOf } from './postgres-turns.js';

export interface TurnParts {
  /** @throws Fenced when the turn may be another worker's by now */
  readonly mustHold: () => void;
  readonly engine: Pick<Engine, 'step'>;
  readonly db: Database;
  readonly live: Pick<LiveRuns, 'changed' | 'say'>;
}

export function turnOf(claimed: ClaimedTurn, signal: AbortSignal, { engine, db, live, mustHold }: TurnParts): Turn {
  const { journal, tenantId, taskId, runId } = claimed;
  const reader = db.autocommit({ tenantId, actor: 'service:runtime' });
  let pausing = false;

  const record = async (name: string, result: Json, story: readonly StoryLine[] = []): Promise<void> => {
    signal.throwIfAborted();
    pausing = await engine.step({ turn: claimed, name, result, story });
    journal.set(name, result);
    claimed.spoken = false;
    if (story.length > 0) live.changed(runId);
  };
  /** Between two steps: where a turn that is no longer wanted stops. */
  const boundary = (): void => {
    signal.throwIfAborted();
    mustHold();
    if (pausing) throw new Paused(`${runId} is paused`);
  };
  const step = async <T extends Json>(name: string, work: () => Promise<T>): Promise<T> => {
    if (journal.has(name)) return journal.get(name) as T;
    boundary();
    const result = journalForm(await work());
    await record(name, result);
    return result;
  };

  const speaker = (call: string) => {
    const place = { task: taskId, turn: claimed.no, attempt: claimed.attempt, call };
    let index = 0;
    return (text: string): void => {
      if (text === '') return;
      claimed.spoken = true;
      live.say({ tenantId, runId, frame: { type: 'token', ...place, index, text } });
      index += text.length;
    };
  };

  const keyOf = (name: string): string => effectKey(claimed, name);
  const steering = async (name: string): Promise<readonly Steering[]> => {
    const heard = [...journal].flatMap(([at, said]) => (at.startsWith('steering/') ? messagesOf(said) : []));
    const last = Math.max(0, ...heard.map(({ no }) => no));
    return messagesOf(await step(`steering/${name}`, async () => asJson(await messagesAfter(reader, claimed, last))));
  };

  return {
    ...{ tenantId, workspaceId: claimed.workspaceId, runId, taskId, actor: claimed.actor, signal },
    ...{ input: claimed.input, runInput: claimed.runInput, answer: claimed.answer },
    step,
    effect: effectsOf({ journal, answer: claimed.answer, keyOf, step }),
    steering,
    speaker,
    tell: async (name, type, data) => {
      if (journal.has(`tell/${name}`)) return;
      boundary();
      await record(`tell/${name}`, true, [{ type, data }]);
    },
    stepsOf: (name) => stepsOf(reader, claimed, name),
    resultsOf: (taskIds) => resultsOf(reader, claimed, taskIds),
  };
}

const messagesOf = (said: Json): readonly Steering[] => said as unknown as readonly Steering[];
const asJson = (messages: readonly Steering[]): Json => messages.map(({ no, text }) => ({ no, text }));

/** The key of an effect: the same however often it is tried, and nobody else's. */
export const effectKey = ({ tenantId, runId, taskId }: ClaimedTurn, name: string): string =>
  createHash('sha256')
    .update(`conclave/effect/v1\n${tenantId}\n${runId}\n${taskId}\n${name}`)
    .digest('hex')
    .slice(0, 40);
