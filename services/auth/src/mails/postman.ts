import { LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds, toEach } from '../rounds.js';
import { claimDueMail } from './postgres-mails.js';
import { SendMail } from './send-mail.js';
import { Smtp } from './smtp.js';

/** Attempts under way at once, in this process. */
const SLOTS = 8;
/** Mail is never in a greater hurry than this. */
const TICK_MS = 1_000;
/** An attempt that has not ended after this long is lost; well above the timeouts of the way to the server. */
const LEASE_MS = 120_000;

/** Takes what is due to the mail server, a few at a time; where no mail is set up, it finds none. */
@Injectable()
export class Postman {
  readonly rounds: Rounds;

  constructor(
    private readonly db: Database,
    private readonly sendMail: SendMail,
    private readonly smtp: Smtp,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const failed = (error: unknown) => this.log.warn({ err: error }, 'postman will look again');
    this.rounds = new Rounds(TICK_MS, () => this.go(), failed);
  }

  private async go(): Promise<void> {
    if (!this.smtp.available) return;
    const now = new Date();
    const lostAt = new Date(now.getTime() + LEASE_MS);
    const claims = await this.db.system((tx) => claimDueMail(tx, SLOTS, now, lostAt));
    await toEach(
      claims,
      (claim) => this.sendMail.run(claim),
      (err, { id: mail }) => this.log.warn({ err, mail }, 'attempt lost'),
    );
  }
}
