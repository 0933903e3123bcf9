/** How many turns of a workspace, of an agent, or that ask a provider run at once. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';

export const capKinds = ['workspace', 'agent', 'provider'] as const;
/** At most so many of a tenant: whoever claims turns counts for each. */
export const MAX_CAPS = 50;

/** Of a workspace its id; of others what they are called: `model`, `review/llm`, `openai`. */
const capName = z.union([idOf('workspace'), z.string().regex(/^[a-z0-9][a-z0-9/_-]{0,99}$/)]);

const cap = z.object({
  kind: z.enum(capKinds),
  name: z.string(),
  /** Null once it is taken away. */
  slots: z.number().int().nullable(),
  /** How many of these turns run now. */
  running: z.number().int(),
});

const stability = 'beta' as const;
const tag = 'runs';
const path = '/v1/caps' as const;

/** All of the tenant, by kind and name; what is not there has no cap. */
export const listCaps = contract({
  owner: 'runtime',
  subject: 'runtime.v1.cap.list',
  permission: 'tenant:manage',
  request: z.strictObject({}),
  reply: z.object({ items: z.array(cap) }),
  http: { method: 'GET', path, summary: 'List how many turns run at once of what', tag, stability },
});

/** What runs already goes on; `null` takes the cap away. */
export const setCap = contract({
  owner: 'runtime',
  subject: 'runtime.v1.cap.set',
  permission: 'tenant:manage',
  request: z.strictObject({
    kind: z.enum(capKinds),
    name: capName,
    slots: z.number().int().min(1).max(10_000).nullable(),
  }),
  reply: cap,
  errors: ['runtime.cap.unknown-name', 'runtime.cap.too-many'],
  http: {
    method: 'PUT',
    path,
    summary: 'Say how many turns of a workspace, an agent or a provider run at once',
    tag,
    stability,
  },
});
