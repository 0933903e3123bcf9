import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';

/** Largest value of a secret, in UTF-8. */
const VALUE_BYTES = 65_536;

/** Spelled like a variable of an environment, as that is where most come from. */
const secretName = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, { error: 'expected a name like OPENAI_API_KEY' });

const value = z
  .string()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= VALUE_BYTES, {
    error: `expected at most ${VALUE_BYTES} bytes`,
  })
  .refine((text) => text.isWellFormed(), { error: 'expected Unicode' });

/** What is said of a secret: never its value. */
const secret = z.object({
  id: idOf('secret'),
  name: z.string(),
  version: z.number().int(),
  createdAt: timestamp,
  rotatedAt: timestamp.optional(),
  /** False once the key it was sealed under was destroyed: a new value is all that helps. */
  readable: z.boolean(),
});

export const createSecret = contract({
  owner: 'auth',
  subject: 'auth.v1.secret.create',
  permission: 'secret:manage',
  request: z.strictObject({ name: secretName, value }),
  reply: secret,
  errors: ['auth.secret.exists', 'auth.limit.reached'],
  http: {
    method: 'POST',
    path: '/v1/secrets',
    status: 201,
    summary: 'Keep a secret for the workspace; its value is never shown again',
    tag: 'identity',
    stability: 'beta',
  },
});

export const listSecrets = contract({
  owner: 'auth',
  subject: 'auth.v1.secret.list',
  permission: 'secret:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(secret),
  http: {
    method: 'GET',
    path: '/v1/secrets',
    summary: 'List the workspace’s secrets, without values',
    tag: 'identity',
    stability: 'beta',
  },
});

/** The value before is gone. */
export const rotateSecret = contract({
  owner: 'auth',
  subject: 'auth.v1.secret.rotate',
  permission: 'secret:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('secret'), value }),
  reply: secret,
  errors: ['auth.secret.not-found'],
  http: {
    method: 'PUT',
    path: '/v1/secrets/{id}',
    summary: 'Give a secret a new value',
    tag: 'identity',
    stability: 'beta',
  },
});

export const deleteSecret = contract({
  owner: 'auth',
  subject: 'auth.v1.secret.delete',
  permission: 'secret:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('secret') }),
  reply: z.object({ id: idOf('secret') }),
  errors: ['auth.secret.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/secrets/{id}',
    summary: 'Delete a secret',
    tag: 'identity',
    stability: 'beta',
  },
});

/**
 * Lends a value to the process that asks, for the principal it works for: sealed to the key it sends (HPKE, RFC 9180), so
 * that the bus carries no value in the clear.
 */
export const leaseSecret = contract({
  owner: 'auth',
  subject: 'auth.v1.secret.lease',
  permission: 'service',
  callers: ['runtime'],
  request: z.strictObject({
    workspace: idOf('workspace'),
    name: secretName,
    /** X25519, base64. */
    publicKey: z.base64().length(44),
  }),
  reply: z.object({ version: z.number().int(), sealed: z.string(), expiresAt: timestamp }),
  errors: ['auth.secret.not-found', 'auth.secret.unreadable', 'auth.member.not-found'],
});

/** What a lease is sealed for: it opens as nothing else. */
export const leasePurpose = (lease: {
  readonly tenantId: string;
  readonly workspace: string;
  readonly name: string;
  readonly version: number;
  readonly expiresAt: string;
}): string => [lease.tenantId, lease.workspace, lease.name, lease.version, lease.expiresAt].join('|');
