import { events } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { AuthConfig } from '../config.js';
import { MailOutbox } from './mail-outbox.js';
import { mailText } from './mail-texts.js';
import { endMail, mailParcel, postponeMail, type MailClaim, type MailParcel } from './postgres-mails.js';
import { retryMailAt } from './retry-mail.js';
import { Smtp, SmtpFailure, type OutgoingMail } from './smtp.js';

/**
 * One attempt. Between handing over and writing down nothing is held: when the process dies there, the mail is due again
 * under the same Message-ID.
 */
@Injectable()
export class SendMail {
  constructor(
    private readonly db: Database,
    private readonly outbox: MailOutbox,
    private readonly smtp: Smtp,
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'PUBLIC_URL'>,
  ) {}

  async run(claim: MailClaim): Promise<void> {
    const parcel = await this.db.tx(actorOf(claim), (tx) => mailParcel(tx, claim));
    if (!parcel) return;
    try {
      await this.smtp.send(await this.written(claim, parcel));
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error;
      return this.failed(claim, parcel, error);
    }
    await this.end(claim, parcel);
  }

  /** @throws SmtpFailure when there is nobody or nothing to send */
  private async written(claim: MailClaim, parcel: MailParcel): Promise<OutgoingMail> {
    if (!parcel.wanted) throw new SmtpFailure('it is of no use any more', true);
    const { kind, name, tenant, sealed, dataKeyId, linkExpiresAt: expiresAt } = parcel;
    const part =
      sealed === null || dataKeyId === null
        ? undefined
        : await this.outbox.open(actorOf(claim), claim.id, dataKeyId, sealed);
    if (sealed !== null && !part) throw new SmtpFailure('its data key was destroyed', true);
    const to = z.email().safeParse(part?.to ?? parcel.email).data;
    if (to === undefined) throw new SmtpFailure('no address', true);
    const site = URL.parse(this.config.PUBLIC_URL ?? '')?.origin ?? '';
    const text = mailText({
      ...{ kind, name, tenant, site, at: parcel.createdAt },
      ...(part && expiresAt ? { link: { url: part.link, expiresAt } } : {}),
      ...(parcel.madeBy === null ? {} : { madeBy: parcel.madeBy }),
    });
    return { ...text, id: claim.id, to };
  }

  private async failed(claim: MailClaim, parcel: MailParcel, { reason, permanent }: SmtpFailure): Promise<void> {
    const again = permanent ? undefined : retryMailAt(claim.attempt, Date.now(), Math.random());
    if (!again) return this.end(claim, parcel, reason);
    await this.db.tx(actorOf(claim), (tx) => postponeMail(tx, claim, reason, again));
  }

  private async end(claim: MailClaim, { kind, principalId: principal }: MailParcel, reason?: string): Promise<void> {
    const told = { mail: claim.id, kind, principal };
    await this.db.tx(actorOf(claim), async (tx) => {
      const at = new Date();
      if (reason === undefined) {
        if (await endMail(tx, claim, { state: 'sent', at })) await tx.emit(events.mailSent, told);
      } else if (await endMail(tx, claim, { state: 'failed', error: reason, at }))
        await tx.emit(events.mailFailed, { ...told, reason });
    });
  }
}

const actorOf = ({ tenantId }: MailClaim) => ({ tenantId, actor: 'service:auth' });
