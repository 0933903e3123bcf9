import { events, tenantRoles, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { nextBundle } from '../policies/bundle-version.js';
import type { RoleView } from './create-role.js';
import { updateRole } from './postgres-roles.js';
import { lockChangeable } from './role-change.js';

type Request = RequestOf<typeof tenantRoles.changeRole>;

/** Changes what a role permits, for everybody who holds it; their keys permit what both they and the role say. */
@Injectable()
export class ChangeRole {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.role.not-found` | `auth.role.built-in` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: Request): Promise<RoleView> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, tenantRoles.changeRole, request, () => this.change(tx, ctx, request)));
  }

  private async change(tx: Tx, ctx: RequestContext, { name, ...request }: Request): Promise<RoleView> {
    const permissions = [...new Set(request.permissions)];
    await lockChangeable(tx, ctx, name, permissions);
    await updateRole(tx, ctx.tenantId, { name, permissions });
    await tx.emit(events.roleChanged, { role: name, permissions, bundle: await nextBundle(tx, ctx.tenantId) });
    return { name, permissions, builtIn: false };
  }
}
