import { tenantRoles, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ChangeRole } from './change-role.js';
import { CreateRole } from './create-role.js';
import { DeleteRole } from './delete-role.js';
import { ListRoles } from './list-roles.js';

@Controller()
export class RolesController {
  constructor(
    private readonly listRoles: ListRoles,
    private readonly createRole: CreateRole,
    private readonly changeRole: ChangeRole,
    private readonly deleteRole: DeleteRole,
  ) {}

  @Handles(tenantRoles.listRoles)
  list(ctx: RequestContext) {
    return this.listRoles.run(ctx);
  }

  @Handles(tenantRoles.createRole)
  create(ctx: RequestContext, request: RequestOf<typeof tenantRoles.createRole>) {
    return this.createRole.run(ctx, request);
  }

  @Handles(tenantRoles.changeRole)
  change(ctx: RequestContext, request: RequestOf<typeof tenantRoles.changeRole>) {
    return this.changeRole.run(ctx, request);
  }

  @Handles(tenantRoles.deleteRole)
  delete(ctx: RequestContext, request: RequestOf<typeof tenantRoles.deleteRole>) {
    return this.deleteRole.run(ctx, request);
  }
}
