/** Emergency access: more than one's role for a while, with a reason, heard by everybody, and looked at afterwards. */
import { z } from 'zod';
import { contract, type HttpBinding } from '../contract.js';
import { idOf } from '../ids.js';
import { line, pageOf, pageQuery, timestamp } from '../page.js';
import { principal } from './auth.js';

const owner = 'auth';
const id = idOf('breakGlass');

const http = (method: HttpBinding['method'], path: `/v1/break-glass${string}`, summary: string, status?: 201) => ({
  ...{ method, path, summary, tag: 'identity', stability: 'beta' as const },
  ...(status && { status }),
});

const breakGlass = z.object({
  id,
  principal,
  signIn: idOf('signIn'),
  reason: z.string(),
  openedAt: timestamp,
  endsAt: timestamp,
  /** When it was ended before its time, and by whom. */
  endedAt: timestamp.optional(),
  endedBy: z.string().optional(),
  /** What somebody else found afterwards. */
  review: z
    .object({ finding: z.enum(['justified', 'unjustified']), note: z.string(), by: z.string(), at: timestamp })
    .optional(),
});

/**
 * The sign-in at hand may read, stop and steer what an administrator may, and nothing that would outlast it or hide it.
 * Nothing else the person is signed in with is worth more for it.
 */
export const openBreakGlass = contract({
  owner,
  subject: 'auth.v1.break-glass.open',
  permission: 'break-glass:open',
  stepUp: true,
  request: z.strictObject({
    reason: line(1_000).min(10),
    minutes: z.number().int().min(5).max(240).default(60),
  }),
  reply: breakGlass,
  errors: ['auth.break-glass.sign-in', 'auth.break-glass.open'],
  http: http('POST', '/v1/break-glass', 'Take emergency access', 201),
});

export const listBreakGlass = contract({
  owner,
  subject: 'auth.v1.break-glass.list',
  permission: 'member:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(breakGlass),
  http: http('GET', '/v1/break-glass', 'List emergency accesses, newest first'),
});

/** One's own, or with `member:manage` another's. Ending it twice changes nothing. */
export const endBreakGlass = contract({
  owner,
  subject: 'auth.v1.break-glass.end',
  permission: 'self:manage',
  request: z.strictObject({ id }),
  reply: breakGlass,
  errors: ['auth.break-glass.not-found'],
  http: http('DELETE', '/v1/break-glass/{id}', 'End an emergency access before its time'),
});

/** Once, by somebody else than whoever took it, and not before it is over. */
export const reviewBreakGlass = contract({
  owner,
  subject: 'auth.v1.break-glass.review',
  permission: 'access-review:manage',
  request: z.strictObject({ id, finding: z.enum(['justified', 'unjustified']), note: line(1_000) }),
  reply: breakGlass,
  errors: [
    'auth.break-glass.not-found',
    'auth.break-glass.open',
    'auth.break-glass.reviewed',
    'auth.access-review.own-access',
  ],
  http: http('POST', '/v1/break-glass/{id}/review', 'Say whether an emergency access was justified'),
});
