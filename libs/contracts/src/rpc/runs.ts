/** Runs of agents' tasks, and what a person can do to a run that is under way. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { json, jsonObject, line, name, pageOf, pageQuery, timestamp } from '../page.js';
import { priorities, run } from './runtime.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: 'expected up to 64 of a-z, 0-9, dot, dash and underscore' });

/** The name of a task within its run. */
export const taskId = word.refine((id) => id !== 'root' && id !== 'trigger', {
  error: '`root` is the run itself, `trigger` what started it',
});

export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((s) => !s.includes('\0'), { error: 'the NUL character is not allowed' });

const expiry = {
  /** How long to wait for the answer; a week unless told. */
  expiresInMs: z
    .number()
    .int()
    .min(100)
    .max(YEAR_MS)
    .default(7 * DAY_MS),
  /** What is taken for the answer when the time is over; without one the task fails. */
  default: json.optional(),
};

const relativePath = z.string().regex(/^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[\w./-]{1,200}$/, {
  error: 'expected a path below the folder, of word characters, dots, dashes and slashes',
});

/** What each agent takes. Any member may be `{"$from": "task", "path": "/pointer"}`: another task's result. */
export const agentInputs = {
  /** Asks a person. The answer is one of the options when there are any, else whatever JSON is sent. */
  human: z
    .strictObject({
      question: text(8_000),
      options: z
        .array(z.strictObject({ id: word, title: line(200) }))
        .min(2)
        .max(20)
        .optional(),
      ...expiry,
    })
    .superRefine(({ options, default: chosen }, ctx) => {
      if (!options) return;
      const ids = options.map(({ id }) => id);
      if (new Set(ids).size < ids.length)
        ctx.addIssue({ code: 'custom', path: ['options'], message: 'two options have the same id' });
      if (chosen !== undefined && !ids.includes(chosen as string))
        ctx.addIssue({ code: 'custom', path: ['default'], message: `expected the id of an option: ${ids.join(', ')}` });
    }),
  /** Waits for a time. */
  timer: z.union([
    z.strictObject({ delayMs: z.number().int().min(0).max(YEAR_MS) }),
    z.strictObject({ until: timestamp }),
  ]),
  /** Waits until somebody sends the event of this key to the workspace. */
  event: z.strictObject({ key: line(200), ...expiry }),
  /** Asks a model. */
  model: z.strictObject({
    prompt: text(200_000),
    system: text(50_000).optional(),
    /** `provider/model`; the first that is configured unless told. */
    model: line(120).optional(),
    maxOutputTokens: z.number().int().min(1).max(100_000).default(4_096),
  }),
  /**
   * Runs a program in a sandbox without network. The end of what it printed, 16 KiB, is its result, with `truncated`
   * when there was more; another exit code than 0 fails the task.
   * A task whose command takes longer than a moment waits for its end (kind `command`).
   */
  command: z.strictObject({
    /** Given to `/bin/sh -c` in a fresh folder that holds `files`. */
    command: text(8_000),
    files: z.record(relativePath, z.string().max(200_000)).default({}),
    timeoutMs: z.number().int().min(100).max(3_600_000).default(600_000),
    /** What happens when a worker dies under it: it is run again, or a person is asked. */
    effect: z.enum(['retry', 'unsafe']).default('retry'),
  }),
  /** Starts a run and waits for its end. */
  run: z.strictObject({ title: name.optional(), tasks: z.array(json).min(1).max(1_000) }),
  /** Is done at once; its result is its input. */
  compose: z.strictObject({ value: json }),
} as const;

export const agentNames = Object.keys(agentInputs) as (keyof typeof agentInputs)[];
const agent = z.enum(agentNames as [keyof typeof agentInputs]);

export const taskSpec = z.strictObject({
  id: taskId,
  agent,
  input: jsonObject.default({}),
  /** Tasks that have to be done before. */
  dependsOn: z.array(taskId).max(200).default([]),
});
export type TaskSpecOf = z.output<typeof taskSpec>;

export const createRunRequest = z
  .strictObject({
    title: name.optional(),
    /** One agent's work; its result is the run's. */
    agent: agent.optional(),
    input: jsonObject.optional(),
    /** Or a graph of tasks. */
    tasks: z.array(taskSpec).min(1).max(1_000).optional(),
    priority: z.enum(priorities).default('normal'),
    /** The run is ended as `expired` when it takes longer; without one it may take for ever. */
    deadlineMs: z.number().int().min(1_000).max(YEAR_MS).optional(),
    /** Turns of one session go one after the other. */
    session: idOf('session').optional(),
    /** Waits so long for the run's end before it answers. */
    waitMs: z.number().int().min(0).max(25_000).default(0),
  })
  .refine(({ agent, tasks }) => (agent === undefined) !== (tasks === undefined), {
    error: 'expected either `agent` or `tasks`',
    path: ['agent'],
  })
  .refine(({ input, tasks }) => input === undefined || tasks === undefined, {
    error: 'every task has an input of its own',
    path: ['input'],
  });
export type CreateRunRequest = z.output<typeof createRunRequest>;

const stability = 'beta' as const;
const tag = 'runs';
const byId = { id: idOf('run') };

/** The agents of a run's tasks. */
export const agentsOf = ({ agent: alone, tasks = [] }: z.output<typeof createRunRequest>): readonly string[] =>
  alone === undefined ? tasks.map((task) => task.agent) : [alone];

export const createRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.create',
  permission: 'run:create',
  attributes: ['priority'],
  agentsOf,
  request: createRunRequest,
  reply: run,
  errors: ['runtime.graph.invalid', 'runtime.agent.unavailable', 'runtime.session.not-found'],
  timeoutMs: 30_000,
  http: { method: 'POST', path: '/v1/runs', status: 202, summary: 'Run an agent, or a graph of tasks', tag, stability },
});

export const pauseRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.pause',
  permission: 'run:control',
  request: z.strictObject({ ...byId, reason: line(400).optional() }),
  reply: run,
  errors: ['runtime.run.not-found', 'runtime.run.finished'],
  http: {
    method: 'POST',
    path: '/v1/runs/{id}/pause',
    summary: 'Pause a run at its next step',
    tag,
    stability,
  },
});

export const resumeRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.resume',
  permission: 'run:control',
  request: z.strictObject(byId),
  reply: run,
  errors: ['runtime.run.not-found', 'runtime.run.finished', 'runtime.run.not-paused'],
  http: { method: 'POST', path: '/v1/runs/{id}/resume', summary: 'Go on with a paused run', tag, stability },
});

export const steerRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.steer',
  permission: 'run:control',
  request: z.strictObject({ ...byId, message: text(20_000) }),
  reply: z.object({ run: idOf('run'), no: z.number().int() }),
  errors: ['runtime.run.not-found', 'runtime.run.finished', 'runtime.run.too-many-messages'],
  http: {
    method: 'POST',
    path: '/v1/runs/{id}/steer',
    status: 202,
    summary: 'Tell a run something; its model reads it at the next step',
    tag,
    stability,
  },
});

/** A task that waits. */
export const wait = z.object({
  task: z.string(),
  /** Which activation of the task parked. */
  no: z.number().int(),
  kind: z.string(),
  key: z.string(),
  state: z.enum(['open', 'answered', 'expired', 'canceled']),
  parkedAt: timestamp,
  expiresAt: timestamp,
  /** What a person needs to answer: the question and its options, or what is known of an effect or a command. */
  about: jsonObject.optional(),
  answer: json.optional(),
});
export type Wait = z.infer<typeof wait>;

/** `about` of a wait for a person: kind `human` asks, kind `effect` says what is known of one nobody saw the end of. */
export const humanAbout = z.object({
  question: z.string(),
  options: z.array(z.object({ id: z.string(), title: z.string() })).optional(),
});
export const effectAbout = z.object({ effect: z.string(), key: z.string(), begunAt: z.string() });
/** `about` of a wait for a command that is under way. */
export const commandAbout = z.object({ begunAt: timestamp, timeoutMs: z.number() });

export const listWaits = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.waits',
  permission: 'run:read',
  request: z.strictObject(byId),
  reply: z.object({ items: z.array(wait) }),
  errors: ['runtime.run.not-found'],
  http: { method: 'GET', path: '/v1/runs/{id}/waits', summary: 'What a run waits or waited for', tag, stability },
});

/** The first answer wins, over other answers and over the wait's end: whoever comes later gets a 409. */
export const answerRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.answer',
  permission: 'run:answer',
  /** `task` may be left out while one person's answer is all the run waits for. */
  request: z.strictObject({ ...byId, task: taskId.or(z.literal('root')).optional(), answer: json }),
  reply: wait,
  errors: [
    'runtime.run.not-found',
    'runtime.wait.not-found',
    'runtime.wait.closed',
    'runtime.wait.ambiguous',
    'runtime.answer.unfit',
  ],
  http: { method: 'POST', path: '/v1/runs/{id}/answers', summary: 'Answer what a run asks', tag, stability },
});

/** One task of a run. */
export const task = z.object({
  id: z.string(),
  agent: z.string(),
  state: z.enum(['blocked', 'open', 'done', 'failed', 'canceled']),
  dependsOn: z.array(z.string()),
  turns: z.number().int(),
  result: json.optional(),
});

export const listTasks = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.tasks',
  permission: 'run:read',
  request: z.strictObject({ ...byId, limit: pageQuery.limit, after: z.string().max(80).optional() }),
  reply: pageOf(task),
  errors: ['runtime.run.not-found'],
  http: { method: 'GET', path: '/v1/runs/{id}/tasks', summary: 'The tasks of a run', tag, stability },
});

/** One entry of the journal. `pos` grows along a run, with gaps. */
export const step = z.object({
  pos: z.number().int(),
  task: z.string(),
  turn: z.number().int(),
  name: z.string(),
  at: timestamp,
  /** `{"tooLargeBytes": n}` in place of one that no reply could carry. */
  result: json,
});

export const listSteps = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.steps',
  permission: 'run:read',
  request: z.strictObject({
    ...byId,
    limit: pageQuery.limit,
    after: z.coerce.number().int().min(0).default(0),
  }),
  reply: pageOf(step),
  errors: ['runtime.run.not-found', 'runtime.journal.gone'],
  http: { method: 'GET', path: '/v1/runs/{id}/steps', summary: 'The journal of a run, oldest first', tag, stability },
});

export const forkRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.fork',
  permission: 'run:create',
  /** The new run has everything the old one had before `step` was written, and goes on from there. */
  request: z.strictObject({ ...byId, step: z.number().int().min(1), title: name.optional() }),
  reply: run,
  errors: ['runtime.run.not-found', 'runtime.step.not-found', 'runtime.journal.gone', 'runtime.run.not-forkable'],
  http: {
    method: 'POST',
    path: '/v1/runs/{id}/fork',
    status: 202,
    summary: 'Start a new run from before a step of this one',
    tag,
    stability,
  },
});

export const replayResult = z.object({
  run: idOf('run'),
  identical: z.boolean(),
  turns: z.number().int(),
  steps: z.number().int(),
  /** Where the agents of today first did something else than is recorded. */
  divergence: z
    .object({
      task: z.string(),
      turn: z.number().int(),
      step: z.string().optional(),
      expected: json,
      found: json,
    })
    .optional(),
});
export type ReplayResult = z.infer<typeof replayResult>;

/** Nothing leaves the platform during a replay: what is not in the journal is a divergence. */
export const replayRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.replay',
  permission: 'run:read',
  request: z.strictObject(byId),
  reply: replayResult,
  errors: ['runtime.run.not-found', 'runtime.run.not-ended', 'runtime.journal.gone'],
  timeoutMs: 30_000,
  http: {
    method: 'POST',
    path: '/v1/runs/{id}/replay',
    summary: 'Do a run again from its journal and compare',
    tag,
    stability,
  },
});

/** Sends an event to the workspace: what waits for its key goes on. */
export const sendEvent = contract({
  owner: 'runtime',
  subject: 'runtime.v1.event.send',
  permission: 'run:answer',
  request: z.strictObject({ key: line(200), data: json }),
  reply: z.object({ answered: z.number().int() }),
  http: { method: 'POST', path: '/v1/events', status: 202, summary: 'Send an event to waiting runs', tag, stability },
});
