import { randomBytes } from 'node:crypto';
import { ConclaveError, events, mailDomains, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseLessThanOwner } from '../members/role-grant.js';
import {
  claimDomain,
  countDomains,
  domainView,
  lockDomain,
  pageOfDomains,
  removeDomain,
  type MailDomain,
} from './postgres-mail-domains.js';

const MAX_PER_TENANT = 50;

/** Mail domains that a tenant says are its own. Saying so gives it nothing; its DNS does. */
@Injectable()
export class ManageDomains {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.mail-domain.too-many` | `auth.role.too-wide` */
  claim(ctx: RequestContext, request: RequestOf<typeof mailDomains.claimMailDomain>): Promise<MailDomain> {
    const { tenantId } = ctx;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, mailDomains.claimMailDomain, request, async () => {
        refuseLessThanOwner(ctx);
        if ((await countDomains(tx, tenantId)) >= MAX_PER_TENANT)
          throw new ConclaveError('auth.mail-domain.too-many', { limit: MAX_PER_TENANT });
        const id = newId('mailDomain');
        const token = randomBytes(32).toString('base64url');
        const { domain } = request;
        const { row, isNew } = await claimDomain(tx, {
          tenant_id: tenantId,
          id,
          domain,
          token,
          created_at: new Date(),
        });
        if (isNew) await tx.emit(events.mailDomainClaimed, { mailDomain: id, domain });
        return domainView(row);
      }),
    );
  }

  list(
    ctx: RequestContext,
    page: RequestOf<typeof mailDomains.listMailDomains>,
  ): Promise<ReplyOf<typeof mailDomains.listMailDomains>> {
    return pageOfDomains(this.db.autocommit(ctx), ctx.tenantId, page);
  }

  /** @throws ConclaveError `auth.mail-domain.not-found` | `auth.role.too-wide` */
  release(ctx: RequestContext, request: RequestOf<typeof mailDomains.releaseMailDomain>): Promise<MailDomain> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, mailDomains.releaseMailDomain, request, async () => {
        refuseLessThanOwner(ctx);
        const row = await lockDomain(tx, ctx.tenantId, request.id);
        if (!row) throw new ConclaveError('auth.mail-domain.not-found', { id: request.id });
        await removeDomain(tx, ctx.tenantId, row.id);
        await tx.emit(events.mailDomainReleased, { mailDomain: row.id, domain: row.domain });
        return domainView(row);
      }),
    );
  }
}
