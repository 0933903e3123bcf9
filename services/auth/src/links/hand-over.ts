import type { Actor, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox } from '../credentials/answer-box.js';
import type { DataKey } from '../data-keys/data-keys.js';
import { MailOutbox, type LinkToSend } from '../mails/mail-outbox.js';

/** How a link reaches whom it is for: by whoever made it, who is shown it once, and by mail where that was asked for. */
@Injectable()
export class HandOver {
  constructor(
    private readonly box: AnswerBox,
    private readonly outbox: MailOutbox,
  ) {}

  /** What sealing for the mail takes, asked for before the transaction. @throws ConclaveError `auth.mail.unavailable` */
  keyFor(ctx: Actor, sendMail: boolean | undefined): Promise<DataKey | undefined> {
    return sendMail === true ? this.outbox.key(ctx) : Promise.resolve(undefined);
  }

  /** The link as it is remembered for repeats, sealed under `name`; and the mail it goes by, if it does. */
  async give(
    tx: Tx,
    ctx: Actor,
    { key, name, ...send }: LinkToSend & { readonly key: DataKey | undefined; readonly name: string },
  ): Promise<{ link: string; mail?: string }> {
    const mail = key && (await this.outbox.send(tx, ctx, key, send));
    return { link: this.box.seal(send.link, name), ...(mail === undefined ? {} : { mail }) };
  }

  shown<R extends { readonly link: string }>(remembered: R, name: string): R {
    return { ...remembered, link: this.box.open(remembered.link, name) };
  }
}
