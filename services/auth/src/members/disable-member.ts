import { auth, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from './caller.js';
import { endMembership } from './end-membership.js';
import type { Member } from './postgres-members.js';
import { refuseWiderRole } from './role-grant.js';

/** Ends a membership for good. */
@Injectable()
export class DisableMember {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.member.last-administrator` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: RequestOf<typeof auth.disableMember>): Promise<Member> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.disableMember, request, () => this.disable(tx, ctx, request.id)));
  }

  /** As part of something wider. */
  disable(tx: Tx, ctx: RequestContext, id: string): Promise<Member> {
    const at = { ...callerOf(ctx), principalId: id };
    return endMembership(tx, at, ({ role }) => refuseWiderRole(ctx, role));
  }
}
