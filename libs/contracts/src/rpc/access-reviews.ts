/** Campaigns in which people say of every access to a workspace whether it stays, and leave a report of it. */
import { z } from 'zod';
import { contract, type HttpBinding } from '../contract.js';
import { idOf } from '../ids.js';
import { line, name, newName, pageOf, pageQuery, timestamp } from '../page.js';
import { permissions } from '../permissions.js';
import { principal } from './auth.js';
import { roleName } from './tenant-roles.js';

const owner = 'auth';
const permission = 'access-review:manage';
const id = idOf('accessReview');
/** What is reviewed: a member, by their principal, or an API key. */
const subject = z.union([idOf('principal'), idOf('apiKey')]);
const decision = z.enum(['keep', 'revoke']);

const http = (method: HttpBinding['method'], path: `/${string}`, summary: string, status?: 201): HttpBinding => ({
  ...{ method, path: `/v1/access-reviews${path === '/' ? '' : path}` as const, summary, tag: 'identity' },
  stability: 'beta',
  ...(status && { status }),
});

const accessReview = z.object({
  id,
  name,
  createdAt: timestamp,
  createdBy: z.string(),
  dueAt: timestamp,
  /** What becomes of an access about which nobody said anything. */
  undecided: decision,
  /** How many accesses there are, and about how many somebody decided. */
  items: z.number().int(),
  decided: z.number().int(),
  closedAt: timestamp.optional(),
  /** Whoever closed it; `service:auth` when it was due. */
  closedBy: z.string().optional(),
  /** SHA-256 of the report, as the entry `access-review.closed` of the audit log has it. */
  sha256: z.string().optional(),
});

const item = z.object({
  subject,
  kind: z.enum(['member', 'api-key']),
  /** Whose access it is. */
  principal,
  /** What a member is. */
  role: roleName.optional(),
  /** What an API key is called and allows. */
  name: name.optional(),
  scopes: z.array(z.enum(permissions)).optional(),
  /** When it was used last, before the review began. */
  lastUsedAt: timestamp.optional(),
  decision: decision.optional(),
  decidedBy: z.string().optional(),
  decidedAt: timestamp.optional(),
  /**
   * When it is closed: what happened. `gone` is an access that had ended already, or ended with its member, `changed` a member who has another role
   * than the one that was decided about, and keeps it; `failed` an access that could not be ended.
   */
  outcome: z.enum(['kept', 'revoked', 'gone', 'changed', 'failed']).optional(),
  /** The code of what kept it from ending. */
  failure: z.string().optional(),
});

/** Takes down every member and key of the workspace as they are now. It is closed by hand, or by itself when it is due. */
export const createAccessReview = contract({
  owner,
  subject: 'auth.v1.access-review.create',
  permission,
  stepUp: true,
  request: z.strictObject({
    name: newName,
    /** At most a year ahead. */
    dueAt: timestamp,
    undecided: decision.default('keep'),
  }),
  reply: accessReview,
  errors: ['auth.access-review.too-many', 'auth.role.too-wide'],
  timeoutMs: 15_000,
  http: http('POST', '/', 'Begin a review of who has access to the workspace', 201),
});

export const listAccessReviews = contract({
  owner,
  subject: 'auth.v1.access-review.list',
  permission,
  request: z.strictObject(pageQuery),
  reply: pageOf(accessReview),
  http: http('GET', '/', 'List access reviews'),
});

export const getAccessReview = contract({
  owner,
  subject: 'auth.v1.access-review.get',
  permission,
  request: z.strictObject({ id }),
  reply: accessReview,
  errors: ['auth.access-review.not-found'],
  http: http('GET', '/{id}', 'An access review and how far it is'),
});

export const listAccessReviewItems = contract({
  owner,
  subject: 'auth.v1.access-review.items',
  permission,
  request: z.strictObject({
    ...pageQuery,
    id,
    /** Only those about which nobody decided yet. */
    only: z.literal('open').optional(),
  }),
  reply: pageOf(item),
  errors: ['auth.access-review.not-found'],
  http: http('GET', '/{id}/items', 'List the accesses that are reviewed'),
});

/** Nobody decides about their own access, nor ends one that is wider than their credential. It can be decided anew until the review is closed. */
export const decideAccess = contract({
  owner,
  subject: 'auth.v1.access-review.decide',
  permission,
  stepUp: true,
  request: z.strictObject({ id, subject, decision, reason: line(500) }),
  reply: item,
  errors: [
    'auth.access-review.not-found',
    'auth.access-review.closed',
    'auth.access-review.own-access',
    'auth.access-review.owner',
    'auth.role.too-wide',
    'auth.scope.too-wide',
  ],
  http: http('PUT', '/{id}/items/{subject}', 'Decide whether an access stays'),
});

/** Ends what is to be ended, at once, and writes the report. */
export const closeAccessReview = contract({
  owner,
  subject: 'auth.v1.access-review.close',
  permission,
  stepUp: true,
  request: z.strictObject({ id }),
  reply: accessReview,
  errors: ['auth.access-review.not-found', 'auth.access-review.closed', 'auth.role.too-wide'],
  timeoutMs: 30_000,
  http: http('POST', '/{id}/close', 'Close an access review'),
});

/**
 * The report of a closed review, line by line: a header, then an access a line, by subject. Each line is canonical JSON
 * (RFC 8785) without names; `sha256` of the review is that of all lines, each with its line feed.
 */
export const getAccessReviewReport = contract({
  owner,
  subject: 'auth.v1.access-review.report',
  permission,
  request: z.strictObject({ ...pageQuery, limit: z.coerce.number().int().min(1).max(1_000).default(100), id }),
  reply: pageOf(z.string()),
  errors: ['auth.access-review.not-found', 'auth.access-review.open'],
  http: http('GET', '/{id}/report', 'The report of a closed access review'),
});
