/** What auth's module needs for mail. */
import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import type { AuthConfig } from '../config.js';
import { HandOver } from '../links/hand-over.js';
import { PasskeyKeeper } from '../passkeys/passkey-keeper.js';
import { ListMails } from './list-mails.js';
import { MailOutbox } from './mail-outbox.js';
import { MailsController } from './mails.controller.js';
import { NoteDevice } from './note-device.js';
import { Postman } from './postman.js';
import { SendMail } from './send-mail.js';
import { Smtp } from './smtp.js';

const smtp = {
  provide: Smtp,
  inject: [CONFIG],
  useFactory: (config: AuthConfig) => new Smtp(config, new Egress(config.SMTP_ALLOW)),
};

export const mailControllers = [MailsController];

export const mailProviders = [HandOver, ListMails, MailOutbox, NoteDevice, PasskeyKeeper, Postman, SendMail, smtp];
