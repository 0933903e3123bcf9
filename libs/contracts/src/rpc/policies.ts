import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';
import { permissions } from '../permissions.js';

const id = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: 'expected a name like no-commands' });
/** One Cedar policy. */
const source = z.string().min(1).max(8_192);
const version = z.coerce.number().int().min(1).max(1_000_000);

const policy = z.object({
  id,
  version: z.number().int(),
  createdAt: timestamp,
  /** Who wrote this version. */
  createdBy: z.string(),
});
const whole = policy.extend({ source: z.string() });

/** Takes effect with the next request. The same text again makes no new version. */
export const putPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.policy.put',
  permission: 'policy:manage',
  stepUp: true,
  request: z.strictObject({ id, source }),
  reply: whole,
  errors: ['auth.policy.invalid', 'auth.policy.too-many'],
  http: {
    method: 'PUT',
    path: '/v1/policies/{id}',
    summary: 'Set a Cedar policy that forbids what roles permit',
    tag: 'identity',
    stability: 'beta',
  },
});

/** There are few: all of them in one answer, without their texts. */
export const listPolicies = contract({
  owner: 'auth',
  subject: 'auth.v1.policy.list',
  permission: 'policy:read',
  request: z.strictObject({}),
  reply: z.object({ items: z.array(policy) }),
  http: { method: 'GET', path: '/v1/policies', summary: 'List policies', tag: 'identity', stability: 'beta' },
});

export const getPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.policy.get',
  permission: 'policy:read',
  request: z.strictObject({ id, version: version.optional() }),
  reply: whole,
  errors: ['auth.policy.not-found'],
  http: {
    method: 'GET',
    path: '/v1/policies/{id}',
    summary: 'Read a policy, as it is or as it was in a version',
    tag: 'identity',
    stability: 'beta',
  },
});

export const deletePolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.policy.delete',
  permission: 'policy:manage',
  stepUp: true,
  request: z.strictObject({ id }),
  reply: policy,
  errors: ['auth.policy.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/policies/{id}',
    summary: 'Delete a policy; its versions can still be read',
    tag: 'identity',
    stability: 'beta',
  },
});

const attribute = z.union([
  z.string().max(1_000),
  z.number().int(),
  z.boolean(),
  z.array(z.string().max(1_000)).max(100),
]);

/** Asks what would be answered to a request, with a policy as it is or as it may become. */
export const testPolicies = contract({
  owner: 'auth',
  subject: 'auth.v1.policy.test',
  permission: 'policy:manage',
  request: z.strictObject({
    /** A member of the workspace. */
    principal: idOf('principal'),
    action: z.enum(permissions),
    /** Which operation of the action, by its subject; policies may tell them apart. */
    operation: z.string().max(100).default(''),
    credential: z.enum(['api-key', 'sign-in']).default('sign-in'),
    resource: z
      .strictObject({
        id: z.string().max(200).default('*'),
        attributes: z.record(z.string().max(100), attribute).default({}),
      })
      .default({ id: '*', attributes: {} }),
    draft: z.strictObject({ id, source }).optional(),
  }),
  reply: z.object({
    allowed: z.boolean(),
    /** The role does not permit it, or policies forbid it. */
    decidedBy: z.enum(['role', 'policies']),
    policies: z.array(z.string()),
  }),
  errors: ['auth.member.not-found', 'auth.policy.invalid'],
  http: {
    method: 'POST',
    path: '/v1/policies/test',
    summary: 'Ask for a verdict without making a request',
    tag: 'identity',
    stability: 'beta',
  },
});

export const getPolicySchema = contract({
  owner: 'auth',
  subject: 'auth.v1.policy-schema.get',
  permission: 'policy:read',
  request: z.strictObject({}),
  reply: z.string(),
  http: {
    method: 'GET',
    path: '/v1/policy-schema',
    produces: 'text',
    summary: 'The Cedar schema that policies are checked against',
    tag: 'identity',
    stability: 'beta',
  },
});

const owners = ['runtime', 'consensus', 'audit', 'metrics', 'marketplace', 'delivery'] as const;

/** The policies of the context's tenant, for an owner who holds none or older ones. */
export const readPolicySet = contract({
  owner: 'auth',
  subject: 'auth.v1.policy-set.read',
  permission: 'service',
  callers: owners,
  request: z.strictObject({}),
  reply: z.object({
    /** Names the content; absent when there is none. */
    digest: z.string().optional(),
    /** Their version, as entries of the log name it; optional, since it has not always been told. */
    bundle: z.string().optional(),
    policies: z.array(z.object({ id: z.string(), source: z.string() })),
  }),
});

/** Owners keep no record of what they refuse; auth writes it for them. */
export const recordRefusal = contract({
  owner: 'auth',
  subject: 'auth.v1.refusal.record',
  permission: 'service',
  callers: owners,
  request: z.strictObject({
    permission: z.string().max(100),
    operation: z.string().max(100),
    policies: z.array(z.string().max(100)).max(100),
    times: z.number().int().min(1),
  }),
  reply: z.object({}),
});
