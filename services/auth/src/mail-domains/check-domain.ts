import { ConclaveError, events, type RequestOf, type mailDomains } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { isUniqueViolation } from '../unique-violation.js';
import { DomainRecords } from './domain-records.js';
import {
  domainOf,
  domainView,
  lockDomain,
  noteCheck,
  type MailDomain,
  type MailDomainRow,
} from './postgres-mail-domains.js';

const HOUR_MS = 3_600_000;
/** A proven domain is looked for again after this long, and sooner when it was not found. */
const AGAIN_MS = 24 * HOUR_MS;
const AGAIN_FAILING_MS = HOUR_MS;
/** Not found for this long, it is proven no more: longer than a name server is away, shorter than a domain is sold. */
const LOST_AFTER_MS = 7 * 24 * HOUR_MS;

/** Looks for the record of a domain, and keeps what follows. */
@Injectable()
export class CheckDomain {
  constructor(
    private readonly db: Database,
    private readonly records: DomainRecords,
  ) {}

  /** @throws ConclaveError `auth.mail-domain.not-found` | `auth.mail-domain.taken` | `auth.role.too-wide` */
  async run(ctx: RequestContext, { id }: RequestOf<typeof mailDomains.checkMailDomain>): Promise<MailDomain> {
    refuseLessThanOwner(ctx);
    const row = await this.check(ctx, id);
    if (!row) throw new ConclaveError('auth.mail-domain.not-found', { id });
    return domainView(row);
  }

  /** @throws ConclaveError `auth.mail-domain.taken` */
  async check(ctx: Actor, id: string): Promise<MailDomainRow | undefined> {
    const { tenantId } = ctx;
    const row = await domainOf(this.db.autocommit(ctx), tenantId, id);
    if (!row) return undefined;
    const isThere = await this.records.has(row.domain, row.token);
    return this.db.tx(ctx, (tx) => this.note(tx, tenantId, id, isThere)).catch(taken);
  }

  private async note(tx: Tx, tenantId: string, id: string, isThere: boolean): Promise<MailDomainRow | undefined> {
    const row = await lockDomain(tx, tenantId, id);
    if (!row) return undefined;
    const now = new Date();
    const after = isThere ? found(row, now) : missed(row, now);
    await noteCheck(tx, after, nextCheck(after, now));
    const told = { mailDomain: id, domain: row.domain };
    if (!row.proven_at && after.proven_at) await tx.emit(events.mailDomainProven, told);
    if (row.proven_at && !after.proven_at) await tx.emit(events.mailDomainLost, told);
    return after;
  }
}

const found = (row: MailDomainRow, now: Date): MailDomainRow => ({
  ...row,
  ...{ proven_at: row.proven_at ?? now, checked_at: now, failing_since: null },
});

function missed(row: MailDomainRow, now: Date): MailDomainRow {
  if (!row.proven_at) return { ...row, checked_at: now };
  const since = row.failing_since ?? now;
  const isLost = now.getTime() - since.getTime() >= LOST_AFTER_MS;
  return { ...row, checked_at: now, ...(isLost ? { proven_at: null, failing_since: null } : { failing_since: since }) };
}

function nextCheck({ proven_at, failing_since }: MailDomainRow, now: Date): Date | null {
  if (!proven_at) return null;
  return new Date(now.getTime() + (failing_since ? AGAIN_FAILING_MS : AGAIN_MS));
}

/** @throws ConclaveError `auth.mail-domain.taken`, or what it was given */
function taken(error: unknown): never {
  if (isUniqueViolation(error, 'mail_domain_proven'))
    throw new ConclaveError('auth.mail-domain.taken', {}, { cause: error });
  throw error;
}
