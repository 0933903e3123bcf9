import type { RequestContext } from '@conclave/nest-kit';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox, type OneTimeAnswer } from '../credentials/answer-box.js';
import type { DataKey } from '../data-keys/data-keys.js';
import { MailOutbox, type LinkToSend } from '../mails/mail-outbox.js';

/** What it takes to give one link. */
export interface Hands {
  readonly answer: OneTimeAnswer;
  /** Unless it goes by mail as well. */
  readonly mailKey: DataKey | undefined;
}

/** How a link reaches whom it is for: by whoever made it, who is shown it once, and by mail where that was asked for. */
@Injectable()
export class HandOver {
  constructor(
    private readonly box: AnswerBox,
    private readonly outbox: MailOutbox,
  ) {}

  /** What giving it takes, asked for before the transaction. @throws ConclaveError `auth.mail.unavailable` */
  async ready(ctx: RequestContext, sendMail: boolean | undefined): Promise<Hands> {
    const mailKey = sendMail === true ? await this.outbox.key(ctx) : undefined;
    return { answer: await this.box.answer(ctx), mailKey };
  }

  /** The link as it is remembered for repeats, sealed under `name`; and the mail it goes by, if it does. */
  async give(
    tx: Tx,
    ctx: Actor,
    { hands, name, ...send }: LinkToSend & { readonly hands: Hands; readonly name: string },
  ): Promise<{ link: string; mail?: string }> {
    const mail = hands.mailKey && (await this.outbox.send(tx, ctx, hands.mailKey, send));
    return { link: await hands.answer.seal(tx, send.link, name), ...(mail === undefined ? {} : { mail }) };
  }

  async shown<R extends { readonly link: string }>({ answer }: Hands, remembered: R, name: string): Promise<R> {
    return { ...remembered, link: await answer.open(remembered.link, name) };
  }
}
