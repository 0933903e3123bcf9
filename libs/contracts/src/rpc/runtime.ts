import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { gitCommit, json, line, name, pageOf, pageQuery, sha256Hex, timestamp } from '../page.js';

/** Run states; spelled as A2A spells task states where both have the state. `paused` and `expired` are ours. */
export const runStates = [
  'submitted',
  'working',
  'input-required',
  'paused',
  'completed',
  'failed',
  'canceled',
  'expired',
] as const;

/** Which of them nothing leads out of. */
export const endedRunStates: readonly (typeof runStates)[number][] = ['completed', 'failed', 'canceled', 'expired'];

/** A step from one to the next weighs as much as five minutes of waiting. */
export const priorities = ['urgent', 'high', 'normal', 'low'] as const;

export const finding = z.object({
  path: z.string(),
  /** 1-based line in the head version of the file. */
  line: z.number().int().min(1),
  rule: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  message: z.string(),
  juror: z.string(),
});
export type Finding = z.infer<typeof finding>;

/** How one seat of the panel ended. */
export const seatOutcome = z.object({
  seat: z.string(),
  kind: z.enum(['gate', 'juror']),
  vote: z.enum(['yes', 'no', 'abstain', 'green', 'red']),
  reason: z.string(),
  findingsSha256: sha256Hex.optional(),
});

export const reviewOutcome = z.enum(['approved', 'rejected', 'undecided']);

export const reviewResult = z.object({
  outcome: reviewOutcome,
  reason: z.string(),
  decision: idOf('decision'),
  subject: z.object({
    repository: z.string(),
    base: gitCommit,
    head: gitCommit,
    tree: gitCommit,
    diffSha256: sha256Hex,
  }),
  panel: z.object({ name: z.string(), sha256: sha256Hex, source: z.string() }),
  seats: z.array(seatOutcome),
  findings: z.array(finding),
  notices: z.array(z.string()),
  usage: z.object({ inputTokens: z.number().int(), outputTokens: z.number().int(), costMicros: z.number().int() }),
});
export type ReviewResult = z.infer<typeof reviewResult>;

export const run = z.object({
  id: idOf('run'),
  /** `agent`: one agent's task; `tasks`: a graph of them; `review`: a panel's. */
  kind: z.enum(['review', 'agent', 'tasks']),
  title: z.string(),
  state: z.enum(runStates),
  priority: z.enum(priorities).optional(),
  /** The run whose task started this one. */
  parent: idOf('run').optional(),
  /** The run this one was forked from. */
  forkedFrom: idOf('run').optional(),
  /** When it is ended as `expired` if it still goes on. */
  deadlineAt: timestamp.optional(),
  createdAt: timestamp,
  updatedAt: timestamp,
  workspace: idOf('workspace'),
  decision: idOf('decision').optional(),
  outcome: reviewOutcome.optional(),
  /** Why the run failed: a stable code and a sentence. */
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Run = z.infer<typeof run>;

/** An uploaded git bundle, by digest. The body is application/octet-stream; bytes go to the owner, not over NATS. */
export const createUpload = contract({
  owner: 'runtime',
  subject: 'runtime.v1.upload.create',
  transport: 'stream',
  permission: 'run:create',
  request: z.strictObject({}),
  reply: z.object({ sha256: sha256Hex, sizeBytes: z.number().int() }),
  errors: ['runtime.upload.too-large'],
  timeoutMs: 300_000,
  http: {
    method: 'POST',
    path: '/v1/uploads',
    status: 201,
    summary: 'Upload a git bundle (application/octet-stream)',
    tag: 'reviews',
    stability: 'beta',
  },
});

export const reviewRequest = z.strictObject({
  /** Digest of an uploaded bundle with refs/conclave/base, refs/conclave/head and refs/conclave/target. */
  bundle: sha256Hex,
  /** What the client calls the repository: a remote address without credentials, or a folder name. */
  repository: line(400),
  base: gitCommit,
  head: gitCommit,
  /** Tip of the target branch: `.conclave/` is read from there. */
  target: gitCommit,
  /** Commits at which a depth-limited bundle was cut. */
  shallow: z.array(gitCommit).max(10_000).default([]),
  intent: z.string().max(4_000).optional(),
  /** Test command, used when the target branch names none. */
  test: z.string().min(1).max(2_000).optional(),
  title: name.optional(),
  panel: z.string().max(100).optional(),
});

export const createReview = contract({
  owner: 'runtime',
  subject: 'runtime.v1.review.create',
  permission: 'run:create',
  attributes: ['repository', 'target', 'panel'],
  request: reviewRequest,
  reply: run,
  errors: ['runtime.upload.not-found', 'runtime.panel.not-installed'],
  http: {
    method: 'POST',
    path: '/v1/reviews',
    status: 202,
    summary: 'Have a panel review a change',
    tag: 'reviews',
    stability: 'beta',
  },
});

export const getRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.get',
  permission: 'run:read',
  request: z.strictObject({ id: idOf('run') }),
  reply: run,
  errors: ['runtime.run.not-found'],
  http: { method: 'GET', path: '/v1/runs/{id}', summary: 'Read a run', tag: 'runs', stability: 'stable' },
});

export const listRuns = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.list',
  permission: 'run:read',
  request: z.strictObject({ ...pageQuery, state: z.enum(runStates).optional() }),
  reply: pageOf(run),
  http: { method: 'GET', path: '/v1/runs', summary: 'List runs, newest first', tag: 'runs', stability: 'stable' },
});

/** What a run of tasks gave: of a graph, what the tasks gave on which no other depends. */
export const taskResults = z.object({ result: json });
export type TaskResults = z.infer<typeof taskResults>;

/** Whether a run's result is a panel's. */
export const isReview = (result: ReviewResult | TaskResults): result is ReviewResult => 'decision' in result;

export const getRunResult = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.result',
  permission: 'run:read',
  request: z.strictObject({ id: idOf('run') }),
  /** A review's result is the panel's; every other run's is what its tasks gave. */
  reply: z.union([reviewResult, taskResults]),
  errors: ['runtime.run.not-found', 'runtime.run.no-result', 'runtime.run.without-result'],
  http: {
    method: 'GET',
    path: '/v1/runs/{id}/result',
    summary: 'The result of an ended run',
    tag: 'runs',
    stability: 'beta',
  },
});

export const cancelRun = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.cancel',
  permission: 'run:cancel',
  request: z.strictObject({ id: idOf('run'), reason: line(400).optional() }),
  reply: run,
  errors: ['runtime.run.not-found', 'runtime.run.finished'],
  http: { method: 'POST', path: '/v1/runs/{id}/cancel', summary: 'Cancel a run', tag: 'runs', stability: 'stable' },
});

/**
 * The files of the change as the panel saw them: unified hunks for the console's diff view. `truncated` says that hunks
 * were left out, on a file that all of its own were.
 */
export const getRunDiff = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.diff',
  permission: 'run:read',
  request: z.strictObject({ id: idOf('run') }),
  reply: z.object({
    truncated: z.boolean(),
    files: z.array(
      z.object({
        path: z.string(),
        oldPath: z.string().optional(),
        status: z.string(),
        binary: z.boolean(),
        truncated: z.boolean().optional(),
        hunks: z.array(
          z.object({
            oldStart: z.number().int(),
            newStart: z.number().int(),
            lines: z.array(z.string()),
          }),
        ),
      }),
    ),
  }),
  errors: ['runtime.run.not-found', 'runtime.run.no-result', 'runtime.run.without-result'],
  http: {
    method: 'GET',
    path: '/v1/runs/{id}/diff',
    summary: 'The change a run judged',
    tag: 'runs',
    stability: 'beta',
  },
});

/** One line of a run's story. `seq` is gap-free per run and is the SSE event id. */
export const runEvent = z.object({
  run: idOf('run'),
  seq: z.number().int(),
  type: z.string(),
  at: timestamp,
  data: z.record(z.string(), z.unknown()),
});
export type RunEvent = z.infer<typeof runEvent>;

/**
 * Text of a model call that is under way; `index` is the number of characters the call said before it. It is no event:
 * it is told while it lasts, may have gaps, and is void once `turn.reset` names its attempt.
 */
export const tokenFrame = z.object({
  type: z.literal('token'),
  task: z.string(),
  turn: z.number().int(),
  attempt: z.number().int(),
  call: z.string(),
  index: z.number().int().min(0),
  text: z.string(),
});
export type TokenFrame = z.infer<typeof tokenFrame>;

/** Why a WebSocket of a run ends; its reason is `{"after": seq}`, where to go on. */
export const liveCloseCodes = { ended: 1000, draining: 1001, request: 1008, credential: 4401, slow: 4408 } as const;

/**
 * A run's story from `after` (or Last-Event-ID) on, as server-sent events or, when the request is a WebSocket
 * handshake, as messages; ends after the run's last event. Over a WebSocket `{"after": n}` moves to another place.
 */
export const streamRunEvents = contract({
  owner: 'runtime',
  subject: 'runtime.v1.run.events',
  transport: 'stream',
  permission: 'run:read',
  request: z.strictObject({
    id: idOf('run'),
    after: z.coerce.number().int().min(0).default(0),
    /** Whether to tell the text of model calls under way, too. */
    tokens: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
  }),
  reply: z.union([runEvent, tokenFrame]),
  errors: ['runtime.run.not-found'],
  http: {
    method: 'GET',
    path: '/v1/runs/{id}/events',
    summary: 'Follow a run (server-sent events, or a WebSocket)',
    tag: 'runs',
    stability: 'stable',
  },
});
