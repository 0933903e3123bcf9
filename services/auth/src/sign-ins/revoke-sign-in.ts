import { ConclaveError, signIns, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseMightier } from '../members/role-grant.js';
import { endGrants } from '../oauth/end-grants.js';
import { endSignIns } from './end-sign-ins.js';
import { lockSignIn, viewOf } from './postgres-sign-ins.js';

type Reply = ReplyOf<typeof signIns.revokeSignIn>;

/** Ends sign-ins of the caller, or of a member whose role they could end. A single one that may not be ended is not there. */
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
      if (member) await refuseMightier(tx, ctx, member);
    }
    await endSignIns(tx, tenantId, { id }, new Date());
    return { ...viewOf(signIn), current: id === ctx.credentialId };
  }
  /**
   * Every one of the caller's but the one at hand, or everything that another member has open.
   *
   * @throws ConclaveError `auth.forbidden` | `auth.member.not-found` | `auth.role.too-wide`
   */
  all(
    ctx: RequestContext,
    request: RequestOf<typeof signIns.revokeSignIns>,
  ): Promise<ReplyOf<typeof signIns.revokeSignIns>> {
    const { tenantId, principalId } = callerOf(ctx);
    const { principal = principalId } = request;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, signIns.revokeSignIns, request, async () => ({
        ended:
          principal === principalId
            ? await endSignIns(tx, tenantId, { principalId, but: ctx.credentialId }, new Date())
            : await this.revokeAllOf(tx, ctx, principal),
      })),
    );
  }

  private async revokeAllOf(tx: Tx, ctx: RequestContext, principalId: string): Promise<number> {
    if (!ctx.scopes.has('member:manage')) throw new ConclaveError('auth.forbidden', { permission: 'member:manage' });
    const { tenantId, workspaceId } = callerOf(ctx);
    const member = await lockMember(tx, { tenantId, workspaceId, principalId });
    if (!member) throw new ConclaveError('auth.member.not-found', { id: principalId });
    await refuseMightier(tx, ctx, member);
    const ended = await endSignIns(tx, tenantId, { principalId, workspaceId }, new Date());
    // What was allowed under sign-ins that ran out has outlived them.
    await endGrants(tx, tenantId, { principalId, workspaceId }, 'sign-in');
    return ended;
  }
}
