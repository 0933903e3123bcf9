import { auth, events, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { endApiKey } from '../api-keys/end-api-key.js';
import { openApiKeysOf } from '../api-keys/postgres-api-keys.js';
import { revokeLinks } from '../links/make-link.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { updateMember, type Member } from './postgres-members.js';
import { lockManaged } from './role-grant.js';

/**
 * Ends a membership for good, with its keys and their sign-ins. The principal's other workspaces are their own
 * administrators' business. Disabling twice changes nothing.
 */
@Injectable()
export class DisableMember {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.member.last-administrator` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: RequestOf<typeof auth.disableMember>): Promise<Member> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.disableMember, request, () => this.disable(tx, ctx, request.id)));
  }

  /** As part of something wider. */
  async disable(tx: Tx, ctx: RequestContext, id: string): Promise<Member> {
    const { member, at } = await lockManaged(tx, ctx, id);
    if (member.disabledAt) return member;
    const now = new Date();
    await updateMember(tx, at, { disabledAt: now });
    for (const key of await openApiKeysOf(tx, at)) await endApiKey(tx, at.tenantId, key, now);
    await revokeLinks(tx, at, now);
    await endSignIns(tx, at.tenantId, { principalId: id, workspaceId: at.workspaceId }, now);
    await tx.emit(events.memberDisabled, { principal: id, workspace: at.workspaceId, role: member.role });
    return { ...member, disabledAt: now.toISOString() };
  }
}
