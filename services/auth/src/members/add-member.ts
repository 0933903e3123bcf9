import { auth, events, newId, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf } from './caller.js';
import { insertMembership, insertPrincipal, type Member } from './postgres-members.js';
import { refuseWiderRole } from './role-grant.js';

type Request = RequestOf<typeof auth.addMember>;

/** Adds a person, a service account or an agent to the caller's workspace. It can do nothing before it gets a key. */
@Injectable()
export class AddMember {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.role.not-found` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: Request): Promise<Member> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.addMember, request, () => this.add(tx, ctx, request)));
  }

  private async add(tx: Tx, ctx: RequestContext, { name, kind, role }: Request): Promise<Member> {
    await refuseWiderRole(tx, ctx, role);
    const { tenantId, workspaceId } = callerOf(ctx);
    await refuseBeyond(tx, tenantId, 'members');
    const id = newId('principal');
    const createdAt = new Date();
    await insertPrincipal(tx, { tenantId, id, kind, name, createdAt });
    await insertMembership(tx, { tenantId, workspaceId, principalId: id, role, createdAt });
    await tx.emit(events.memberAdded, { principal: id, workspace: workspaceId, role });
    return { principal: { id, kind, name }, role, createdAt: createdAt.toISOString() };
  }
}
