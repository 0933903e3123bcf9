import { ConclaveError, signIns, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { endSignIns } from './end-sign-ins.js';
import { lockSignIn, viewOf } from './postgres-sign-ins.js';

type Reply = ReplyOf<typeof signIns.revokeSignIn>;

/** Ends one of the caller's sign-ins, or of a member whose role they could end. What may not be ended is not there. */
@Injectable()
export class RevokeSignIn {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.sign-in.not-found` | `auth.role.too-wide` */
  run(ctx: RequestContext, request: RequestOf<typeof signIns.revokeSignIn>): Promise<Reply> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, signIns.revokeSignIn, request, () => this.revoke(tx, ctx, request.id)),
    );
  }

  private async revoke(tx: Tx, ctx: RequestContext, id: string): Promise<Reply> {
    const { tenantId, workspaceId, principalId } = callerOf(ctx);
    const signIn = await lockSignIn(tx, tenantId, id);
    const own = signIn?.principalId === principalId;
    if (!signIn || (!own && !(ctx.scopes.has('member:manage') && signIn.workspaceId === workspaceId)))
      throw new ConclaveError('auth.sign-in.not-found', { id });
    if (!own) {
      const member = await lockMember(tx, { tenantId, workspaceId, principalId: signIn.principalId });
      if (member) refuseWiderRole(ctx, member.role);
    }
    await endSignIns(tx, tenantId, { id }, new Date());
    return { ...viewOf(signIn), current: id === ctx.credentialId };
  }
}
