import { ConclaveError, events, scim, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, pageOf, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lineOf } from '../members/line-of.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { GroupRoles } from './group-roles.js';
import { groupsBefore, keepGroupRole, lockGroup, membersOf } from './postgres-scim.js';

type Group = ReplyOf<typeof scim.setGroupRole>;

/** Groups of the directory as administrators see them: with the role that each gives. */
@Injectable()
export class Groups {
  constructor(
    private readonly db: Database,
    private readonly roles: GroupRoles,
  ) {}

  async list(
    ctx: RequestContext,
    request: RequestOf<typeof scim.listGroups>,
  ): Promise<ReplyOf<typeof scim.listGroups>> {
    const rows = await this.db.tx(ctx, (tx) =>
      groupsBefore(tx, callerOf(ctx), { after: request.after, limit: request.limit + 1 }),
    );
    const items = rows.map(({ role, ...row }) => ({ ...row, name: lineOf(row.name) || row.id, ...(role && { role }) }));
    return pageOf(items, request.limit);
  }

  /** @throws ConclaveError `auth.group.not-found` | `auth.role.not-found` | `auth.role.too-wide` | `auth.member.last-administrator` */
  setRole(ctx: RequestContext, request: RequestOf<typeof scim.setGroupRole>): Promise<Group> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, scim.setGroupRole, request, () => this.set(tx, ctx, request)));
  }

  private async set(tx: Tx, ctx: RequestContext, { id, role }: RequestOf<typeof scim.setGroupRole>): Promise<Group> {
    const at = callerOf(ctx);
    const before = await lockGroup(tx, at, id);
    if (!before) throw new ConclaveError('auth.group.not-found', { id });
    for (const either of [before.role, role]) if (either !== null) await refuseWiderRole(tx, ctx, either);
    const members = await membersOf(tx, at, [id]);
    if (role !== before.role) {
      await keepGroupRole(tx, at, id, role);
      await tx.emit(events.groupRoleSet, { group: id, workspace: at.workspaceId, ...(role && { role }) });
      await this.roles.settle(
        tx,
        at,
        members.map(({ value }) => value),
      );
    }
    return { id, name: lineOf(before.display_name) || id, ...(role && { role }), members: members.length };
  }
}
