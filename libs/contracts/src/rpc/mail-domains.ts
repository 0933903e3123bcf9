/** Mail domains of a tenant, and how it proves that they are its own. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';
import { domainName } from './oidc-settings.js';

const mailDomain = z.object({
  id: idOf('mailDomain'),
  domain: z.string(),
  /** `failing` is proven still, but the record was not found when it was last looked for. */
  state: z.enum(['waiting', 'proven', 'failing']),
  /** What the DNS has to say. */
  record: z.object({ name: z.string(), type: z.literal('TXT'), value: z.string() }),
  createdAt: timestamp,
  provenAt: timestamp.optional(),
  checkedAt: timestamp.optional(),
});

/** The domain counts once the record is there and was looked for. One that was claimed before is answered as it is. */
export const claimMailDomain = contract({
  owner: 'auth',
  subject: 'auth.v1.mail-domain.claim',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ domain: domainName }),
  reply: mailDomain,
  errors: ['auth.mail-domain.too-many', 'auth.role.too-wide'],
  http: {
    method: 'POST',
    path: '/v1/mail-domains',
    status: 201,
    summary: 'Say that a mail domain is yours; the answer is the record to put into its DNS',
    tag: 'identity',
    stability: 'beta',
  },
});

export const listMailDomains = contract({
  owner: 'auth',
  subject: 'auth.v1.mail-domain.list',
  permission: 'connection:manage',
  request: z.strictObject(pageQuery),
  reply: pageOf(mailDomain),
  http: {
    method: 'GET',
    path: '/v1/mail-domains',
    summary: 'List mail domains',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Looks into the DNS now. Without the record the domain stays as it is. */
export const checkMailDomain = contract({
  owner: 'auth',
  subject: 'auth.v1.mail-domain.check',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('mailDomain') }),
  reply: mailDomain,
  errors: ['auth.mail-domain.not-found', 'auth.mail-domain.taken', 'auth.role.too-wide'],
  timeoutMs: 15_000,
  http: {
    method: 'POST',
    path: '/v1/mail-domains/{id}/check',
    summary: 'Look for the record of a mail domain',
    tag: 'identity',
    stability: 'beta',
  },
});

export const releaseMailDomain = contract({
  owner: 'auth',
  subject: 'auth.v1.mail-domain.release',
  permission: 'connection:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('mailDomain') }),
  reply: mailDomain,
  errors: ['auth.mail-domain.not-found'],
  http: {
    method: 'DELETE',
    path: '/v1/mail-domains/{id}',
    summary: 'Give a mail domain up',
    tag: 'identity',
    stability: 'beta',
  },
});
