/** Reading the people of a connection from the management of its provider. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { line, timestamp } from '../page.js';

const id = idOf('connection');

/** How the provider's management is asked: a client of the Auth0 tenant with the scope `read:users`, and nothing else. */
const auth0 = z.strictObject({
  kind: z.literal('auth0'),
  /** The tenant's own address, such as `https://acme.eu.auth0.com`; a custom domain has no management. */
  url: z.url({ protocol: /^https?$/ }).max(300),
  clientId: line(300),
  /** Which of its people, in the language of its user search; all of them unless told. */
  query: line(1_000).optional(),
});

const outcome = z.object({
  state: z.enum(['done', 'failed', 'refused']),
  dryRun: z.boolean(),
  at: timestamp,
  /** People the provider has, without those it blocked. */
  found: z.int(),
  added: z.int(),
  changed: z.int(),
  ended: z.int(),
  /** Members who came by another way: they are left as they are. */
  kept: z.int(),
  /** Who could not be taken, and why; the first twenty. */
  skipped: z.array(z.object({ subject: z.string(), reason: z.string() })),
  /** What is wrong, where it is not done. */
  reason: z.string().optional(),
});

const directory = z.object({
  connection: id,
  workspace: idOf('workspace'),
  settings: auth0,
  everyHours: z.int().optional(),
  state: z.enum(['idle', 'waiting', 'reading']),
  /** What the last reading came to. */
  last: outcome.optional(),
  createdAt: timestamp,
});

export const putDirectory = contract({
  owner: 'auth',
  subject: 'auth.v1.directory.put',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({
    id,
    workspace: idOf('workspace'),
    settings: auth0.extend({ clientSecret: z.string().min(1).max(1_000) }),
    /** Reads by itself that often; only when it is asked to unless told. */
    everyHours: z.int().min(1).max(168).optional(),
  }),
  reply: directory,
  errors: ['auth.connection.not-found', 'auth.connection.invalid', 'auth.workspace.not-found', 'auth.role.too-wide'],
  http: {
    method: 'PUT',
    path: '/v1/connections/{id}/directory',
    summary: 'Say how the people of a connection are read from its provider',
    tag: 'identity',
    stability: 'beta',
  },
});

export const getDirectory = contract({
  owner: 'auth',
  subject: 'auth.v1.directory.get',
  permission: 'connection:manage',
  request: z.strictObject({ id }),
  reply: directory,
  errors: ['auth.directory.not-found'],
  http: {
    method: 'GET',
    path: '/v1/connections/{id}/directory',
    summary: 'Read how the people of a connection are read, and what that came to',
    tag: 'identity',
    stability: 'beta',
  },
});

/** The people it brought stay as they are. */
export const deleteDirectory = contract({
  owner: 'auth',
  subject: 'auth.v1.directory.delete',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id }),
  reply: z.object({ connection: id }),
  errors: ['auth.directory.not-found', 'auth.role.too-wide'],
  http: {
    method: 'DELETE',
    path: '/v1/connections/{id}/directory',
    summary: 'Read the people of a connection no more',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Answered at once; `getDirectory` tells what it came to. */
export const readDirectory = contract({
  owner: 'auth',
  subject: 'auth.v1.directory.read',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({
    id,
    /** Only tells what would happen. */
    dryRun: z.boolean().default(false),
    /** Lets so many memberships end, however large a part of all that is. */
    mayEnd: z.int().min(1).max(1_000_000).optional(),
  }),
  reply: directory,
  errors: ['auth.directory.not-found', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/connections/{id}/directory/readings',
    status: 202,
    summary: 'Read the people of a connection now',
    tag: 'identity',
    stability: 'beta',
  },
});
