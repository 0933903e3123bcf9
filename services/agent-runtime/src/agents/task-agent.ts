import { runs } from '@conclave/contracts';
import { UnresolvedReference, referencesIn, resolved, tasksIn } from '@conclave/run-core';
import type { z } from 'zod';
import {
  ResultsTooLarge,
  type Activation,
  type AgentPort,
  type Json,
  type Turn,
  type WaitSpec,
} from '../engine/agent-port.js';

export type AgentName = keyof typeof runs.agentInputs;
export type InputOf<N extends AgentName> = z.output<(typeof runs.agentInputs)[N]>;

/** What one task may take in from others: characters of JSON. */
const TAKEN_LIMIT = 1_048_576;
/** What a task may give, as JSON text: it has to fit a reply with all that stands around it. */
const RESULT_LIMIT_BYTES = 750_000;
/** As long as a wait lasts that only its end can end. */
export const EVER_MS = 10 * 365 * 86_400_000;

/**
 * An agent that tasks of POST /v1/runs can name. What its input refers to is put in first, and what comes of that must
 * fit its schema: a task whose input does not fails, and is not tried again.
 */
export abstract class TaskAgent<N extends AgentName> implements AgentPort {
  abstract readonly name: N;

  protected abstract work(turn: Turn, input: InputOf<N>): Promise<Activation>;

  async activate(turn: Turn): Promise<Activation> {
    let given: unknown;
    try {
      given = await this.inputOf(turn);
    } catch (error) {
      if (error instanceof UnresolvedReference) return failed('input.reference', error.message);
      if (error instanceof ResultsTooLarge) return failed('input.too-large', error.message);
      throw error;
    }
    const parsed = runs.agentInputs[this.name].safeParse(given);
    if (!parsed.success) return failed('input.invalid', issuesOf(parsed.error));
    return bounded(await this.work(turn, parsed.data as InputOf<N>));
  }

  async giveUp(_turn: Turn, reason: string): Promise<Activation> {
    return failed(`${this.name}.failed`, reason);
  }

  private async inputOf(turn: Turn): Promise<unknown> {
    const inner = tasksOf(this.name, turn.input);
    const wanted = [...new Set(referencesIn(turn.input, inner).map(({ from }) => from))];
    if (wanted.length === 0) return turn.input;
    const { trigger } = turn.runInput as { readonly trigger?: Json };
    const results = await turn.resultsOf(wanted);
    return resolved(turn.input, trigger === undefined ? results : { ...results, trigger }, TAKEN_LIMIT, inner);
  }
}

/** The tasks that an agent's input brings along, which refer to each other. */
export const tasksOf = (agent: AgentName, input: unknown): ReadonlySet<string> =>
  agent === 'run' ? tasksIn(input) : new Set();

/** The activation, or its failure when the result is more than anybody could be told. */
export function bounded(activation: Activation): Activation {
  if (activation.kind !== 'done' || Buffer.byteLength(JSON.stringify(activation.result)) <= RESULT_LIMIT_BYTES)
    return activation;
  return failed('result.too-large', `the result has more than ${RESULT_LIMIT_BYTES} bytes`);
}

export const failed = (code: string, message: string): Activation => ({ kind: 'failed', code, message });
export const done = (result: Json): Activation => ({ kind: 'done', result });

/** Parks a task on a wait of its own. */
export const parked = (turn: Turn, wait: Omit<WaitSpec, 'key'> & { readonly key?: string }): Activation => ({
  kind: 'parked',
  wait: { key: `${turn.runId}/${turn.taskId}`, ...wait },
});

export const issuesOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
