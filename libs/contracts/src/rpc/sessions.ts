/** Sessions: an agent that is always there to be talked to, and works only when it is. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { json, jsonObject, name, pageOf, pageQuery, timestamp } from '../page.js';
import { agentNames, text } from './runs.js';
import { runStates } from './runtime.js';

/** Who answers, and what its tasks get besides the message. */
const sessionAgent = z.strictObject({
  agent: z.enum(agentNames as [(typeof agentNames)[number]]).default('model'),
  /** A model gets the message as its prompt; others may refer to it: `{"$from": "trigger", "path": "/text"}`. */
  input: jsonObject.default({}),
});

export const session = z.object({
  id: idOf('session'),
  title: z.string(),
  /** `active` while a run of it goes on. */
  state: z.enum(['idle', 'active']),
  agent: sessionAgent,
  workspace: idOf('workspace'),
  messages: z.number().int(),
  lastRun: idOf('run').optional(),
  createdAt: timestamp,
  updatedAt: timestamp,
  archivedAt: timestamp.optional(),
});
export type Session = z.output<typeof session>;

/** What somebody said, and what came of it. */
export const sessionMessage = z.object({
  no: z.number().int(),
  text: z.string(),
  actor: z.string(),
  at: timestamp,
  run: idOf('run'),
  state: z.enum(runStates),
  /** The result of the run, once it is completed. */
  reply: json.optional(),
});
export type SessionMessage = z.output<typeof sessionMessage>;

const stability = 'beta' as const;
const tag = 'sessions';
const byId = { id: idOf('session') };

export const createSession = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.create',
  permission: 'run:create',
  agentsOf: ({ agent }) => [agent.agent],
  request: z.strictObject({ title: name, agent: sessionAgent.default({ agent: 'model', input: {} }) }),
  reply: session,
  http: { method: 'POST', path: '/v1/sessions', status: 201, summary: 'Start a session with an agent', tag, stability },
});

export const listSessions = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.list',
  permission: 'run:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(session),
  http: {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'List the sessions of the workspace that are not archived',
    tag,
    stability,
  },
});

export const getSession = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.get',
  permission: 'run:read',
  request: z.strictObject(byId),
  reply: session,
  errors: ['runtime.session.not-found'],
  http: { method: 'GET', path: '/v1/sessions/{id}', summary: 'Read a session', tag, stability },
});

export const archiveSession = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.archive',
  permission: 'run:create',
  request: z.strictObject(byId),
  reply: session,
  errors: ['runtime.session.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    summary: 'Archive a session: it is read, and no longer written',
    tag,
    stability,
  },
});

/** Turns of one session go one at a time, in the order of its messages; while one waits, the next is taken up. */
export const sendMessage = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.say',
  permission: 'run:create',
  request: z.strictObject({ ...byId, text: text(200_000) }),
  reply: sessionMessage,
  errors: [
    'runtime.session.not-found',
    'runtime.session.archived',
    'runtime.agent.unavailable',
    'runtime.graph.invalid',
  ],
  http: {
    method: 'POST',
    path: '/v1/sessions/{id}/messages',
    status: 202,
    summary: 'Say something in a session',
    tag,
    stability,
  },
});

export const listMessages = contract({
  owner: 'runtime',
  subject: 'runtime.v1.session.messages',
  permission: 'run:read',
  request: z.strictObject({ ...byId, ...pageQuery }),
  reply: pageOf(sessionMessage),
  errors: ['runtime.session.not-found'],
  http: {
    method: 'GET',
    path: '/v1/sessions/{id}/messages',
    summary: 'The messages of a session, newest first',
    tag,
    stability,
  },
});
