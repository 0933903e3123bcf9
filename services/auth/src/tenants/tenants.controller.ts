import { tenants, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { EraseTenant } from './erase-tenant.js';
import { OperateTenants } from './operate-tenants.js';
import { SuspendTenant } from './suspend-tenant.js';

@Controller()
export class TenantsController {
  constructor(
    private readonly tenants: OperateTenants,
    private readonly suspension: SuspendTenant,
    private readonly erasure: EraseTenant,
  ) {}

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

  @Handles(tenants.suspendTenant)
  suspend(ctx: RequestContext, request: RequestOf<typeof tenants.suspendTenant>) {
    return this.suspension.suspend(ctx, request);
  }

  @Handles(tenants.resumeTenant)
  resume(ctx: RequestContext, request: RequestOf<typeof tenants.resumeTenant>) {
    return this.suspension.resume(ctx, request);
  }

  @Handles(tenants.eraseTenant)
  erase(ctx: RequestContext, request: RequestOf<typeof tenants.eraseTenant>) {
    return this.erasure.request(ctx, request);
  }

  @Handles(tenants.cancelErasure)
  keep(ctx: RequestContext, request: RequestOf<typeof tenants.cancelErasure>) {
    return this.erasure.cancel(ctx, request);
  }

  @Handles(tenants.getErasure)
  erasureOf(ctx: RequestContext, request: RequestOf<typeof tenants.getErasure>) {
    return this.erasure.get(ctx, request);
  }
}
