/** A claimed turn as its agent sees it: the journal is read before anything is done, and written before it counts. */
import { createHash } from 'node:crypto';
import type { Database } from '@conclave/postgres-kit';
import type { Json, Steering, StoryLine, Turn } from './agent-port.js';
import { Paused, type ClaimedTurn } from './claimed-turn.js';
import type { LiveRuns } from '../runs/live-runs.js';
import { effectsOf } from './effects.js';
import type { Engine } from './engine.js';
import { journalForm } from './journal-form.js';
import { messagesAfter, resultsOf, stepsOf } from './postgres-turns.js';

export interface TurnParts {
  /** @throws Fenced when the turn may be another worker's by now */
  readonly mustHold: () => void;
  readonly engine: Pick<Engine, 'step' | 'countFor'>;
  readonly db: Database;
  readonly live: Pick<LiveRuns, 'changed' | 'say'>;
}

export function turnOf(claimed: ClaimedTurn, signal: AbortSignal, parts: TurnParts): Turn {
  const { db, engine, live } = parts;
  const { journal, tenantId, taskId, runId } = claimed;
  const reader = db.autocommit({ tenantId, actor: 'service:runtime' });
  const { step, lastStep, tell, keepLast } = stepsIn(claimed, signal, parts);

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

  let counted = claimed.provider;
  const asks = async (provider: string): Promise<boolean> => {
    if (provider === counted) return true;
    const hasRoom = await engine.countFor(claimed, provider);
    if (hasRoom) counted = provider;
    return hasRoom;
  };

  const keyOf = (name: string): string => effectKey(claimed, name);
  const steering = async (name: string): Promise<readonly Steering[]> => {
    const heard = [...journal].flatMap(([at, said]) => (at.startsWith('steering/') ? messagesOf(said) : []));
    const last = Math.max(0, ...heard.map(({ no }) => no));
    return messagesOf(
      await lastStep(`steering/${name}`, async () => asJson(await messagesAfter(reader, claimed, last))),
    );
  };

  return {
    ...{ tenantId, workspaceId: claimed.workspaceId, runId, taskId, actor: claimed.actor, signal },
    ...{ input: claimed.input, runInput: claimed.runInput, answer: claimed.answer },
    ...{ step, lastStep, tell },
    effect: effectsOf({ journal, answer: claimed.answer, keyOf, step }),
    steering,
    speaker,
    asks,
    stepsOf: async (name) => {
      await keepLast();
      return stepsOf(reader, claimed, name);
    },
    resultsOf: (taskIds) => resultsOf(reader, claimed, taskIds),
  };
}

/** What a turn journals; the last step waits in `claimed.last` for what comes next. */
function stepsIn(claimed: ClaimedTurn, signal: AbortSignal, { engine, live, mustHold }: TurnParts) {
  const { journal, runId } = claimed;
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
  const keepLast = async (): Promise<void> => {
    const { last } = claimed;
    claimed.last = undefined;
    if (last) await record(last.name, last.result, last.story);
  };
  const done = async <T extends Json>(work: () => Promise<T>): Promise<T> => {
    if (claimed.last) await keepLast();
    boundary();
    const result = journalForm(await work());
    if (claimed.last) await keepLast();
    return result;
  };
  /** Journals it with what comes next. */
  const leaveToNext = async (name: string, result: Json, story: readonly StoryLine[] = []): Promise<void> => {
    while (claimed.last) await keepLast(); // of another one that ended meanwhile
    signal.throwIfAborted();
    claimed.last = { name, result, story };
    journal.set(name, result);
  };
  const step = async <T extends Json>(name: string, work: () => Promise<T>): Promise<T> => {
    if (journal.has(name)) return journal.get(name) as T;
    const result = await done(work);
    await record(name, result);
    return result;
  };
  const lastStep = async <T extends Json>(name: string, work: () => Promise<T>): Promise<T> => {
    if (journal.has(name)) return journal.get(name) as T;
    const result = await done(work);
    await leaveToNext(name, result);
    return result;
  };
  const tell = async (name: string, type: string, data: StoryLine['data']): Promise<void> => {
    if (journal.has(`tell/${name}`)) return;
    if (claimed.last) await keepLast();
    boundary();
    await leaveToNext(`tell/${name}`, true, [{ type, data }]);
  };
  return { step, lastStep, tell, keepLast };
}

const messagesOf = (said: Json): readonly Steering[] => said as unknown as readonly Steering[];
const asJson = (messages: readonly Steering[]): Json => messages.map(({ no, text }) => ({ no, text }));

/** The key of an effect: the same however often it is tried, and nobody else's. */
export const effectKey = ({ tenantId, runId, taskId }: ClaimedTurn, name: string): string =>
  createHash('sha256')
    .update(`conclave/effect/v1\n${tenantId}\n${runId}\n${taskId}\n${name}`)
    .digest('hex')
    .slice(0, 40);
