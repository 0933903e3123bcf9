/** Agents whose model is made up: what they cost is what the engine costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Activation, AgentPort, Json, Turn } from '../engine/agent-port.js';
import type { Database } from '@conclave/postgres-kit';

/** What a run of the bench is asked for. */
export interface BenchInput {
  readonly text: string;
  readonly steps: number;
  /** What the model takes to answer, in every step. */
  readonly modelMs: number;
  /** Which run it is, where that matters. */
  readonly no?: number;
  /** Whether every step has an effect that the outside counts, by its key. */
  readonly effects?: boolean;
}

export interface BenchParts {
  readonly db: Database;
  /** Whether a run stops for ever inside one of its steps, after the effect: the n-th run in step n modulo the steps. */
  readonly hangs: boolean;
  /** Takes which run is begun to be worked on. */
  readonly onBegin: (run: string) => void;
  /** Takes what each step cost beyond the model, in milliseconds. */
  readonly onStep: (ms: number) => void;
}

const COUNT = `insert into bench_effect (key, run, step) values ($1, $2, $3)
  on conflict (key) do update set tries = bench_effect.tries + 1`;

export const benchAgents = (parts: BenchParts): readonly AgentPort[] => [steps(parts), waiter];

const giveUp = async (_turn: Turn, message: string): Promise<Activation> => ({
  kind: 'failed',
  code: 'bench',
  message,
});

/** Asks the model so many times. */
const steps = ({ db, hangs, onBegin, onStep }: BenchParts): AgentPort => ({
  name: 'steps',
  giveUp,
  async activate(turn) {
    onBegin(turn.runId);
    const { text, steps: count, modelMs, no = 0, effects } = turn.runInput as unknown as BenchInput;
    const ask = async (step: number, key?: string): Promise<Json> => {
      if (key) await db.system((tx) => tx.query(COUNT, [key, turn.runId, step]));
      if (hangs && no % count === step) await new Promise(() => undefined);
      if (modelMs > 0) await sleep(modelMs);
      return { role: 'assistant', text };
    };
    for (let step = 0; step < count; step++) {
      const name = `model/${step}`;
      const begin = performance.now();
      if (effects) await turn.effect(name, 'keyed', (key) => ask(step, key));
      else if (step === count - 1) await turn.lastStep(name, () => ask(step));
      else await turn.step(name, () => ask(step));
      // The last one's journaling is part of the end.
      if (effects || step < count - 1) onStep(performance.now() - begin - modelMs);
    }
    return { kind: 'done', result: { ok: true } };
  },
});

/** Waits for somebody who does not come. */
const waiter: AgentPort = {
  name: 'waiter',
  giveUp,
  activate: async ({ runId }) => ({
    kind: 'parked',
    wait: { kind: 'human', key: runId, expiresInMs: 86_400_000, defaultAnswer: { expired: true } },
  }),
};
