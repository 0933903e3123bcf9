/** What starts runs by itself: a schedule, an event, or a delivery from outside. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { json, jsonObject, line, name, pageOf, pageQuery, timestamp } from '../page.js';
import { agentsOf, createRunRequest } from './runs.js';

/** Largest body of a delivery, in bytes. */
export const HOOK_LIMIT_BYTES = 262_144;

/** Events of the platform that can start runs. */
export const triggerEvents = ['decision.sealed', 'run.completed', 'run.failed'] as const;

/** Every JSON pointer of these must hold exactly this in the event's data. */
const where = z
  .record(
    z
      .string()
      .regex(/^(\/[^/]*)+$/, { error: 'expected a JSON pointer' })
      .max(200),
    z.union([z.string().max(400), z.number(), z.boolean(), z.null()]),
  )
  .refine((pointers) => Object.keys(pointers).length <= 20, { error: 'more than 20 pointers' })
  .default({});

export const triggerSource = z.union(
  [
    z.strictObject({
      kind: z.literal('cron'),
      /** Five fields: minute, hour, day of month, month, day of week. */
      expression: line(120),
      /** IANA name. */
      timeZone: z.string().max(64).default('UTC'),
      /** `skip`: does not fire while the run it started last goes on. */
      overlap: z.enum(['skip', 'allow']).default('skip'),
    }),
    z.strictObject({ kind: z.literal('event'), event: z.enum(triggerEvents), where }),
    /** Events of POST /v1/events in the trigger's workspace. */
    z.strictObject({ kind: z.literal('event'), key: line(200), where }),
    z.strictObject({ kind: z.literal('webhook') }),
  ],
  {
    error:
      'expected {kind: "cron", expression}, {kind: "event", event or key} or {kind: "webhook"}, with their members',
  },
);
export type TriggerSource = z.output<typeof triggerSource>;

export const trigger = z.object({
  id: idOf('trigger'),
  title: z.string(),
  enabled: z.boolean(),
  on: triggerSource,
  /** The request of the runs it starts, as for POST /v1/runs. */
  run: createRunRequest,
  workspace: idOf('workspace'),
  /** On whose behalf its runs are: who made or changed it last. */
  owner: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  nextAt: timestamp.optional(),
  firedAt: timestamp.optional(),
  lastRun: idOf('run').optional(),
  /** Where deliveries are sent, when it takes them. */
  path: z.string().optional(),
});
export type Trigger = z.output<typeof trigger>;

/** What became of a firing: a run, or none because the last one still goes on. */
const fired = z.object({ run: idOf('run').optional(), skipped: z.literal('overlap').optional() });
export type Fired = z.output<typeof fired>;

const stability = 'beta' as const;
const tag = 'triggers';
const byId = { id: idOf('trigger') };
/** What the request of a run can be refused with. */
const ofRuns = ['runtime.graph.invalid', 'runtime.agent.unavailable', 'runtime.session.not-found'] as const;

export const createTrigger = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.create',
  permission: 'run:create',
  agentsOf: ({ run }) => agentsOf(run),
  request: z.strictObject({
    title: name,
    on: triggerSource,
    /** Inputs may refer to what fired it: `{"$from": "trigger", "path": "/body/x"}`. */
    run: createRunRequest,
    enabled: z.boolean().default(true),
  }),
  /** `secret` signs deliveries and is told this once. */
  reply: trigger.extend({ secret: z.string().optional() }),
  errors: ['runtime.trigger.malformed', 'runtime.trigger.too-many', ...ofRuns],
  http: {
    method: 'POST',
    path: '/v1/triggers',
    status: 201,
    summary: 'Start runs by a schedule, an event or a delivery',
    tag,
    stability,
  },
});

export const listTriggers = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.list',
  permission: 'run:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(trigger),
  http: {
    method: 'GET',
    path: '/v1/triggers',
    summary: 'List the triggers of the workspace, newest first',
    tag,
    stability,
  },
});

export const getTrigger = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.get',
  permission: 'run:read',
  request: z.strictObject(byId),
  reply: trigger,
  errors: ['runtime.trigger.not-found'],
  http: { method: 'GET', path: '/v1/triggers/{id}', summary: 'Read a trigger', tag, stability },
});

export const changeTrigger = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.change',
  permission: 'run:create',
  agentsOf: ({ run }) => (run ? agentsOf(run) : []),
  /** Whoever changes a trigger owns it from then on. `on` keeps its kind. */
  request: z.strictObject({
    ...byId,
    title: name.optional(),
    on: triggerSource.optional(),
    run: createRunRequest.optional(),
    enabled: z.boolean().optional(),
  }),
  reply: trigger,
  errors: ['runtime.trigger.not-found', 'runtime.trigger.malformed', 'runtime.trigger.too-many', ...ofRuns],
  http: {
    method: 'PATCH',
    path: '/v1/triggers/{id}',
    summary: 'Change a trigger, or turn it on or off',
    tag,
    stability,
  },
});

export const deleteTrigger = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.delete',
  permission: 'run:create',
  request: z.strictObject(byId),
  reply: trigger,
  errors: ['runtime.trigger.not-found'],
  http: { method: 'DELETE', path: '/v1/triggers/{id}', summary: 'Remove a trigger; its runs go on', tag, stability },
});

export const fireTrigger = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.fire',
  permission: 'run:create',
  request: z.strictObject({ ...byId, body: json.optional() }),
  reply: fired,
  errors: ['runtime.trigger.not-found', 'runtime.trigger.disabled', 'runtime.trigger.owner-disabled', ...ofRuns],
  http: { method: 'POST', path: '/v1/triggers/{id}/fire', status: 202, summary: 'Fire a trigger now', tag, stability },
});

export const triggerFailure = z.object({
  id: idOf('event'),
  at: timestamp,
  /** Which firing it was: a time, an event or a delivery. */
  key: z.string(),
  code: z.string(),
  reason: z.string(),
  /** How often it was tried. */
  attempts: z.number().int(),
  firing: jsonObject,
});

export const listTriggerFailures = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.failures',
  permission: 'run:read',
  request: z.strictObject({ ...byId, ...pageQuery }),
  reply: pageOf(triggerFailure),
  errors: ['runtime.trigger.not-found'],
  http: {
    method: 'GET',
    path: '/v1/triggers/{id}/failures',
    summary: 'Firings that were refused, newest first',
    tag,
    stability,
  },
});

/** A delivery as it came in at POST /v1/hooks/{id}: whether it is one, its signature says. */
export const deliverHook = contract({
  owner: 'runtime',
  subject: 'runtime.v1.trigger.deliver',
  permission: 'service',
  request: z.strictObject({
    ...byId,
    /** The headers webhook-id, webhook-timestamp and webhook-signature. */
    message: z.string().max(200),
    timestamp: z.string().max(20),
    signature: z.string().max(2_000),
    /** The very bytes, base64. */
    body: z.string().max(Math.ceil(HOOK_LIMIT_BYTES / 3) * 4),
  }),
  reply: fired,
  errors: [
    'runtime.trigger.not-found',
    'runtime.trigger.signature',
    'runtime.trigger.disabled',
    'runtime.trigger.owner-disabled',
    ...ofRuns,
  ],
});
