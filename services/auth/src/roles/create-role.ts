import { ConclaveError, events, tenantRoles, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseWider } from '../members/role-grant.js';
import { nextBundle } from '../policies/bundle-version.js';
import { isUniqueViolation } from '../unique-violation.js';
import { insertRole, ownRoles } from './postgres-roles.js';
import { isBuiltIn } from './role-permissions.js';

type Request = RequestOf<typeof tenantRoles.createRole>;
export type RoleView = ReplyOf<typeof tenantRoles.createRole>;

/** They all fit one answer. */
const MOST = 100;

/** Makes a role of the tenant's own, of at most what the credential at hand permits. */
@Injectable()
export class CreateRole {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.role.exists` | `auth.role.too-many` | `auth.role.too-wide` */
  async run(ctx: RequestContext, request: Request): Promise<RoleView> {
    const { name } = request;
    try {
      return await this.db.tx(ctx, (tx) =>
        once(tx, ctx, tenantRoles.createRole, request, () => this.create(tx, ctx, request)),
      );
    } catch (error) {
      if (isUniqueViolation(error, 'role_pkey'))
        throw new ConclaveError('auth.role.exists', { name }, { cause: error });
      throw error;
    }
  }

  private async create(tx: Tx, ctx: RequestContext, request: Request): Promise<RoleView> {
    const { name } = request;
    if (isBuiltIn(name) || name === 'owner') throw new ConclaveError('auth.role.exists', { name });
    const permissions = [...new Set(request.permissions)];
    refuseWider(ctx.scopes, name, permissions);
    if ((await ownRoles(tx, ctx.tenantId)).length >= MOST)
      throw new ConclaveError('auth.role.too-many', { limit: MOST });
    await insertRole(tx, ctx.tenantId, { name, permissions });
    await tx.emit(events.roleCreated, { role: name, permissions, bundle: await nextBundle(tx, ctx.tenantId) });
    return { name, permissions, builtIn: false };
  }
}
