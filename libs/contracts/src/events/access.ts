/** What auth tells of who may do what: members, roles, policies, reviews of them, emergencies. */
import { z } from 'zod';
import { idOf } from '../ids.js';
import { sha256Hex, timestamp } from '../page.js';
import { event } from './event.js';

/** The version of roles and policies that it made; optional, since it has not always been told. */
const bundle = z.string().optional();

const membership = z.object({ principal: idOf('principal'), workspace: idOf('workspace'), role: z.string() });

export const memberAdded = event({
  type: 'member.added',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: membership,
});

/** `role` is the new one. */
export const memberChanged = event({
  type: 'member.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: membership,
});

export const memberDisabled = event({
  type: 'member.disabled',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: membership,
});

export const roleCreated = event({
  type: 'role.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ role: z.string(), permissions: z.array(z.string()), bundle }),
});

/** `permissions` are the new ones. */
export const roleChanged = event({
  type: 'role.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ role: z.string(), permissions: z.array(z.string()), bundle }),
});

export const roleDeleted = event({
  type: 'role.deleted',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ role: z.string(), bundle }),
});

const accessReview = z.object({ review: idOf('accessReview'), workspace: idOf('workspace') });

export const accessReviewOpened = event({
  type: 'access-review.opened',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: accessReview.extend({ items: z.number().int(), undecided: z.string() }),
});

export const accessReviewDecided = event({
  type: 'access-review.decided',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  personal: ['reason'],
  data: accessReview.extend({
    subject: z.string(),
    principal: idOf('principal'),
    decision: z.string(),
    reason: z.string(),
  }),
});

/** `sha256` is the report's. */
export const accessReviewClosed = event({
  type: 'access-review.closed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: accessReview.extend({
    items: z.number().int(),
    kept: z.number().int(),
    revoked: z.number().int(),
    gone: z.number().int(),
    changed: z.number().int(),
    failed: z.number().int(),
    sha256: sha256Hex,
  }),
});

const breakGlass = z.object({
  breakGlass: idOf('breakGlass'),
  principal: idOf('principal'),
  workspace: idOf('workspace'),
  signIn: idOf('signIn'),
});

/** Somebody took emergency access. */
export const breakGlassOpened = event({
  type: 'break-glass.opened',
  producer: 'auth',
  consumers: ['gateway', 'audit', 'delivery'],
  audited: true,
  personal: ['reason'],
  data: breakGlass.extend({ endsAt: timestamp, reason: z.string() }),
});

/** It was ended before its time. */
export const breakGlassEnded = event({
  type: 'break-glass.ended',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: breakGlass,
});

export const breakGlassReviewed = event({
  type: 'break-glass.reviewed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  personal: ['note'],
  data: breakGlass.extend({ finding: z.string(), note: z.string() }),
});

export const policyChanged = event({
  type: 'policy.changed',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ policy: z.string(), version: z.number().int(), sha256: sha256Hex, bundle }),
});

export const policyDeleted = event({
  type: 'policy.deleted',
  producer: 'auth',
  consumers: ['gateway', 'audit'],
  audited: true,
  data: z.object({ policy: z.string(), version: z.number().int(), bundle }),
});

/**
 * Somebody was not let in. Attempts alike are told once in ten minutes, with their number; `address` is the first one's,
 * where it is known.
 */
export const authenticationFailed = event({
  type: 'authentication.failed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  bulk: true,
  personal: ['address'],
  data: z.object({
    /** `api-key`, `passkey`, `link`, `oauth-client`, `totp`, `recovery-code`, `saml` or `oidc`. */
    method: z.string(),
    /**
     * `wrong`, or `over`: it was good once; `providers-only`: it is good, and the tenant lets people in otherwise. Of a
     * provider: `not-believed`, or `not-admitted`: it is believed, and its connection lets no such person in.
     */
    reason: z.string(),
    /** What of a provider was wrong, in few words. */
    detail: z.string().optional(),
    /** Through which provider they came. */
    connection: idOf('connection').optional(),
    /** What they claimed to hold, by its id, and whose it is. */
    credential: z.string().optional(),
    principal: idOf('principal').optional(),
    address: z.string().optional(),
    times: z.number().int(),
  }),
});

/** Policies forbade what the actor's role permits. Refusals alike are told once a minute, with their number. */
export const authorizationRefused = event({
  type: 'authorization.refused',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  bulk: true,
  data: z.object({
    permission: z.string(),
    operation: z.string(),
    policies: z.array(z.string()),
    times: z.number().int(),
  }),
});

/** Whose people are read, from where; the secret is nowhere. */
export const directoryKept = event({
  type: 'directory.kept',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ connection: idOf('connection'), workspace: idOf('workspace'), url: z.string() }),
});

export const directoryRemoved = event({
  type: 'directory.removed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ connection: idOf('connection') }),
});

/** What a reading came to; whom it made and ended, other entries tell. */
export const directoryRead = event({
  type: 'directory.read',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({
    connection: idOf('connection'),
    /** `done`, `failed`, or `refused` because too many memberships would have ended. */
    state: z.string(),
    ...{ added: z.int(), changed: z.int(), ended: z.int() },
  }),
});
