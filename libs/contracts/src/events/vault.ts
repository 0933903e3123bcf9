/** What auth tells of the vault: secrets of workspaces, and the keys they are sealed under. */
import { z } from 'zod';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';
import { event } from './event.js';

const secret = z.object({
  secret: idOf('secret'),
  workspace: idOf('workspace'),
  name: z.string(),
  version: z.number().int(),
});

export const secretCreated = event({
  type: 'secret.created',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

/** `version` is the new one. */
export const secretRotated = event({
  type: 'secret.rotated',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

export const secretDeleted = event({
  type: 'secret.deleted',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: secret,
});

/** A service has the value now, for whom the event names as its actor. */
export const secretLeased = event({
  type: 'secret.leased',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: secret.extend({ service: z.string(), expiresAt: timestamp }),
});

const dataKey = z.object({ dataKey: idOf('dataKey'), purpose: z.string() });

/** The tenant has a data key for a purpose, wrapped under this key-encryption key. */
export const dataKeyCreated = event({
  type: 'data-key.created',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: dataKey.extend({ keyId: z.string() }),
});

/** The tenant's data key is wrapped under this key-encryption key now. */
export const dataKeyRewrapped = event({
  type: 'data-key.rewrapped',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: dataKey.extend({ keyId: z.string() }),
});

/** Nothing that was sealed under it can be read again. */
export const dataKeyDestroyed = event({
  type: 'data-key.destroyed',
  producer: 'auth',
  consumers: ['audit', 'runtime'],
  audited: true,
  data: dataKey,
});
