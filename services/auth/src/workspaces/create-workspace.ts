import { ConclaveError, auth, newId, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf } from '../members/caller.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { insertMembership } from '../members/postgres-members.js';
import { isUniqueViolation } from '../unique-violation.js';
import { insertWorkspace, type Workspace } from './postgres-workspaces.js';

/** Opens a workspace; who does so administers it. */
@Injectable()
export class CreateWorkspace {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.workspace.exists` | `auth.role.too-wide` */
  async run(ctx: RequestContext, request: RequestOf<typeof auth.createWorkspace>): Promise<Workspace> {
    try {
      return await this.db.tx(ctx, (tx) =>
        once(tx, ctx, auth.createWorkspace, request, () => this.create(tx, ctx, request.name)),
      );
    } catch (error) {
      if (isUniqueViolation(error, 'workspace_tenant_id_name_key'))
        throw new ConclaveError('auth.workspace.exists', { name: request.name }, { cause: error });
      throw error;
    }
  }

  private async create(tx: Tx, ctx: RequestContext, name: string): Promise<Workspace> {
    const { tenantId, principalId } = callerOf(ctx);
    await refuseWiderRole(tx, ctx, 'administrator');
    await refuseBeyond(tx, tenantId, 'workspaces');
    const createdAt = new Date();
    const workspace = await insertWorkspace(tx, { tenantId, id: newId('workspace'), name, createdAt });
    const workspaceId = workspace.id;
    await insertMembership(tx, { tenantId, workspaceId, principalId, role: 'administrator', createdAt });
    return workspace;
  }
}
