import { tenants, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ManageOwners } from './manage-owners.js';

@Controller()
export class OwnersController {
  constructor(private readonly owners: ManageOwners) {}

  @Handles(tenants.listOwners)
  list(ctx: RequestContext) {
    return this.owners.list(ctx);
  }

  @Handles(tenants.addOwner)
  add(ctx: RequestContext, request: RequestOf<typeof tenants.addOwner>) {
    return this.owners.add(ctx, request);
  }

  @Handles(tenants.removeOwner)
  remove(ctx: RequestContext, request: RequestOf<typeof tenants.removeOwner>) {
    return this.owners.remove(ctx, request);
  }
}
