import { tenants, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ManageLimits } from './manage-limits.js';

@Controller()
export class LimitsController {
  constructor(private readonly limits: ManageLimits) {}

  @Handles(tenants.getOwnLimits)
  own(ctx: RequestContext) {
    return this.limits.own(ctx);
  }

  @Handles(tenants.getLimits)
  get(ctx: RequestContext, request: RequestOf<typeof tenants.getLimits>) {
    return this.limits.get(ctx, request);
  }

  @Handles(tenants.setLimits)
  set(ctx: RequestContext, request: RequestOf<typeof tenants.setLimits>) {
    return this.limits.set(ctx, request);
  }
}
