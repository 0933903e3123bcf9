/** By which ways people of a tenant may come in. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';

const signInPolicy = z.object({
  /** Whether people come in through the tenant’s identity providers, and by no other way. */
  providersOnly: z.boolean(),
  /** Owners who may come in with a passkey all the same, by their principals. */
  exempt: z.array(idOf('principal')),
  /** Members whom no provider that is enabled has let in or is linked to, and who are not exempt. */
  peopleWithout: z.number().int(),
  changedAt: timestamp.optional(),
  changedBy: z.string().optional(),
});

export const getSignInPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in-policy.get',
  permission: 'policy:read',
  request: z.strictObject({}),
  reply: signInPolicy,
  http: {
    method: 'GET',
    path: '/v1/sign-in-policy',
    summary: 'Whether people come in through identity providers only',
    tag: 'identity',
    stability: 'beta',
  },
});

/** By an owner; to say that it is so, one who came in through a provider just now. */
export const putSignInPolicy = contract({
  owner: 'auth',
  subject: 'auth.v1.sign-in-policy.put',
  permission: 'policy:manage',
  stepUp: true,
  request: z.strictObject({
    providersOnly: z.boolean(),
    exempt: z.array(idOf('principal')).max(10).default([]),
  }),
  reply: signInPolicy,
  errors: ['auth.role.too-wide', 'auth.sign-in-policy.untried', 'auth.sign-in-policy.unfit'],
  http: {
    method: 'PUT',
    path: '/v1/sign-in-policy',
    summary: 'Let people in through identity providers only, or by every way again',
    tag: 'identity',
    stability: 'beta',
  },
});
