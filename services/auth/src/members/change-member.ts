import { ConclaveError, auth, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { updateMember, type Member } from './postgres-members.js';
import { lockManaged, refuseWiderRole } from './role-grant.js';

type Request = RequestOf<typeof auth.changeMember>;

/** Gives a member of the caller's workspace another role; its keys permit what both they and the role say. */
@Injectable()
export class ChangeMember {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.member.last-administrator` | `auth.role.not-found` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: Request): Promise<Member> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.changeMember, request, () => this.change(tx, ctx, request)));
  }

  private async change(tx: Tx, ctx: RequestContext, { id, role }: Request): Promise<Member> {
    await refuseWiderRole(tx, ctx, role);
    const { member, at } = await lockManaged(tx, ctx, id, role === 'administrator');
    if (member.disabledAt) throw new ConclaveError('auth.member.not-found', { id });
    if (member.role === role) return member;
    await updateMember(tx, at, { role });
    await tx.emit(events.memberChanged, { principal: id, workspace: at.workspaceId, role });
    return { ...member, role };
  }
}
