import { tenants, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { OperateTenants } from './operate-tenants.js';

@Controller()
export class TenantsController {
  constructor(private readonly tenants: OperateTenants) {}

  @Handles(tenants.listTenants)
  list(_ctx: RequestContext, request: RequestOf<typeof tenants.listTenants>) {
    return this.tenants.list(request);
  }

  @Handles(tenants.getTenant)
  get(_ctx: RequestContext, request: RequestOf<typeof tenants.getTenant>) {
    return this.tenants.get(request);
  }

  @Handles(tenants.createTenant)
  create(ctx: RequestContext, request: RequestOf<typeof tenants.createTenant>) {
    return this.tenants.create(ctx, request);
  }
}
