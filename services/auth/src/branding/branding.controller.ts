import { tenants, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { BrandTenant } from './brand-tenant.js';

@Controller()
export class BrandingController {
  constructor(private readonly brand: BrandTenant) {}

  @Handles(tenants.getOwnTenant)
  get(ctx: RequestContext) {
    return this.brand.get(ctx);
  }

  @Handles(tenants.changeOwnTenant)
  change(ctx: RequestContext, request: RequestOf<typeof tenants.changeOwnTenant>) {
    return this.brand.change(ctx, request);
  }
}
