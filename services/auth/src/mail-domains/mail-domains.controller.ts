import { mailDomains, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CheckDomain } from './check-domain.js';
import { ManageDomains } from './manage-domains.js';

@Controller()
export class MailDomainsController {
  constructor(
    private readonly manageDomains: ManageDomains,
    private readonly checkDomain: CheckDomain,
  ) {}

  @Handles(mailDomains.claimMailDomain)
  claim(ctx: RequestContext, request: RequestOf<typeof mailDomains.claimMailDomain>) {
    return this.manageDomains.claim(ctx, request);
  }

  @Handles(mailDomains.listMailDomains)
  list(ctx: RequestContext, request: RequestOf<typeof mailDomains.listMailDomains>) {
    return this.manageDomains.list(ctx, request);
  }

  @Handles(mailDomains.checkMailDomain)
  check(ctx: RequestContext, request: RequestOf<typeof mailDomains.checkMailDomain>) {
    return this.checkDomain.run(ctx, request);
  }

  @Handles(mailDomains.releaseMailDomain)
  release(ctx: RequestContext, request: RequestOf<typeof mailDomains.releaseMailDomain>) {
    return this.manageDomains.release(ctx, request);
  }
}
