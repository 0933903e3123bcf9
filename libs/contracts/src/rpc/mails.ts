/** Mail to people of a tenant: what became of it, and which browsers they are told of. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery, timestamp } from '../page.js';

export const mailKinds = [
  'invitation',
  'recovery',
  'recovered',
  'new-device',
  'passkey-added',
  'passkey-removed',
] as const;
export type MailKind = (typeof mailKinds)[number];

const mail = z.object({
  id: idOf('mail'),
  kind: z.enum(mailKinds),
  principal: idOf('principal'),
  state: z.enum(['queued', 'sent', 'failed']),
  attempts: z.number().int(),
  nextAttemptAt: timestamp.optional(),
  /** Why the last attempt failed. */
  lastError: z.string().optional(),
  createdAt: timestamp,
  endedAt: timestamp.optional(),
});

/** Mail to members of the workspace, newest first, for thirty days after its end. What it says is kept nowhere. */
export const listMails = contract({
  owner: 'auth',
  subject: 'auth.v1.mail.list',
  permission: 'member:manage',
  request: z.strictObject({ ...pageQuery, principal: idOf('principal').optional() }),
  reply: pageOf(mail).extend({
    /** Whether mail is set up in this installation. */
    available: z.boolean(),
  }),
  http: {
    method: 'GET',
    path: '/v1/mails',
    summary: 'List mail to members, and what became of it',
    tag: 'identity',
    stability: 'beta',
  },
});

const device = z.string().max(100);

/** Somebody signed in with this browser: its cookie, if it has one. `device` is what the cookie is to hold from now on. */
export const noteDevice = contract({
  owner: 'auth',
  subject: 'auth.v1.device.note',
  permission: 'service',
  request: z.strictObject({ secret: z.string().min(1).max(512), device: device.optional() }),
  reply: z.object({ device: device.optional() }),
});
