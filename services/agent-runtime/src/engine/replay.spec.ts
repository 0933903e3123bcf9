import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ChildRunAgent } from '../agents/child-run.js';
import { CommandAgent } from '../agents/command.js';
import { ComposeAgent } from '../agents/compose.js';
import { EventAgent } from '../agents/event.js';
import { GraphAgent } from '../agents/graph.js';
import { HumanAgent } from '../agents/human.js';
import { ModelAgent } from '../agents/model.js';
import { TimerAgent } from '../agents/timer.js';
import { CheckJuror } from '../reviews/check-juror.js';
import { Coordinator } from '../reviews/coordinator.js';
import { LlmJuror } from '../reviews/llm-juror.js';
import { AblationJuror, TestsGate } from '../reviews/program-seats.js';
import { replay, type RunRecord } from './replay.js';

/** Journals of real runs (`KEEP_JOURNALS=folder`, testing/keep-journals.ts). They stay: a new version continues old runs. */
const corpus = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/journals.json'), 'utf8'),
) as readonly RunRecord[];

/** A replay that reaches for the world fails here. */
const nothing = new Proxy({}, { get: (_, name) => () => expect(name).toBe('not reached for') }) as never;
const agents = new Map(
  [
    ...[new GraphAgent(), new HumanAgent(), new EventAgent(), new TimerAgent(), new ComposeAgent()],
    ...[new ChildRunAgent(nothing), new CommandAgent(nothing, '/nowhere')],
    new ModelAgent(nothing, nothing, nothing, nothing),
    ...[new Coordinator(nothing, nothing, nothing, nothing), new CheckJuror(nothing, nothing, nothing)],
    ...[new LlmJuror(nothing, nothing, nothing, nothing), new TestsGate(nothing), new AblationJuror(nothing)],
  ].map((agent) => [agent.name, agent]),
);
const shapeOf = ({ tasks }: RunRecord): string => tasks.map(({ id, agent }) => `${id}:${agent}`).join(' ');

type Step = RunRecord['steps'][number];
/** A step that was done within another is not asked for again when that one is known. */
const isWithin = ({ task, name }: Step, other: Step): boolean =>
  task === other.task && name.startsWith(`${other.name}/`);

describe('a replay', () => {
  it.each(corpus.map((record) => [shapeOf(record), record] as const))('of %s is identical', async (_, record) => {
    expect(await replay(agents, record)).toEqual({ turns: record.turns.length, steps: record.steps.length });
  });

  it('finds each step that is missing, and each that is too many', async () => {
    for (const record of corpus)
      for (const step of record.steps.filter((one) => !record.steps.some((other) => isWithin(one, other)))) {
        const { task, no, name } = step;
        const without = { ...record, steps: record.steps.filter((s) => s.task !== task || s.name !== name) };
        expect((await replay(agents, without)).divergence).toMatchObject({ task, turn: no });
        const extra = { ...record, steps: [...record.steps, { task, no, name: 'extra', result: 1, pos: 0 }] };
        expect((await replay(agents, extra)).divergence).toMatchObject({ task, turn: no, step: 'extra' });
      }
  });

  it('finds each end that is another', async () => {
    for (const record of corpus)
      for (const { id } of record.tasks.filter(({ state }) => state !== 'canceled')) {
        const tasks = record.tasks.map((t) => (t.id === id ? { ...t, result: 'something else' } : t));
        expect((await replay(agents, { ...record, tasks })).divergence).toBeDefined();
      }
  });

  it('finds an agent that is no longer there', async () => {
    const [record] = corpus;
    expect((await replay(new Map(), record!)).divergence).toMatchObject({ found: 'no such agent here' });
  });
});
