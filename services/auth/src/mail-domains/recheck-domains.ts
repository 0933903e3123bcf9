import { LOG } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds, toEach } from '../rounds.js';
import { CheckDomain } from './check-domain.js';
import { claimDueDomains } from './postgres-mail-domains.js';

const TICK_MS = 60_000;
const PER_ROUND = 20;
/** A look that has not ended after this long is lost; well above the patience with the DNS. */
const LEASE_MS = 10 * 60_000;

/** Looks for proven domains again, a few a minute: what a domain's DNS says no more is not believed for ever. */
@Injectable()
export class RecheckDomains {
  readonly rounds: Rounds;

  constructor(
    private readonly db: Database,
    private readonly checkDomain: CheckDomain,
    @Inject(LOG) private readonly log: Logger,
  ) {
    const failed = (error: unknown) => this.log.warn({ err: error }, 'mail domains will be looked for again');
    this.rounds = new Rounds(TICK_MS, () => this.look(), failed);
  }

  private async look(): Promise<void> {
    const now = new Date();
    const lostAt = new Date(now.getTime() + LEASE_MS);
    const due = await this.db.system((tx) => claimDueDomains(tx, PER_ROUND, now, lostAt));
    await toEach(
      due,
      ({ tenantId, id }) => this.checkDomain.check({ tenantId, actor: 'service:auth' }, id),
      (err) => this.log.warn({ err }, 'a mail domain was not looked for'),
    );
  }
}
