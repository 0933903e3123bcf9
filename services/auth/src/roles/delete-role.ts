import { ConclaveError, events, tenantRoles, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { nextBundle } from '../policies/bundle-version.js';
import type { RoleView } from './create-role.js';
import { isHeld, removeRole } from './postgres-roles.js';
import { lockChangeable } from './role-change.js';
import { permitted } from './role-permissions.js';

/** Deletes a role that no member holds. */
@Injectable()
export class DeleteRole {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.role.not-found` | `auth.role.built-in` | `auth.role.in-use` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: RequestOf<typeof tenantRoles.deleteRole>): Promise<RoleView> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, tenantRoles.deleteRole, request, () => this.delete(tx, ctx, request.name)),
    );
  }

  private async delete(tx: Tx, ctx: RequestContext, name: string): Promise<RoleView> {
    const role = await lockChangeable(tx, ctx, name, []);
    if (await isHeld(tx, ctx.tenantId, name)) throw new ConclaveError('auth.role.in-use', { name });
    await removeRole(tx, ctx.tenantId, name);
    await tx.emit(events.roleDeleted, { role: name, bundle: await nextBundle(tx, ctx.tenantId) });
    return { name, permissions: [...permitted(name, role.permissions)], builtIn: false };
  }
}
