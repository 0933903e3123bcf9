import { ConclaveError, invitations, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import { HandOver, type Hands } from './hand-over.js';
import { callerOf } from '../members/caller.js';
import { lockMember, membershipsOf } from '../members/postgres-members.js';
import { refuseMightier } from '../members/role-grant.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { MakeLink } from './make-link.js';

type Reply = ReplyOf<typeof invitations.createRecovery>;

/**
 * A way back in for a member who lost their passkeys. Whoever makes the link could use it, so it takes what it takes to
 * give the member every role they hold, in every workspace of theirs.
 */
@Injectable()
export class RecoverMember {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly makeLink: MakeLink,
    private readonly handOver: HandOver,
  ) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.role.too-wide` | `auth.passkeys-unavailable` */
  async run(ctx: RequestContext, request: RequestOf<typeof invitations.createRecovery>): Promise<Reply> {
    this.ceremonies.site();
    const hands = await this.handOver.ready(ctx, request.sendMail);
    const remembered = await this.db.tx(ctx, async (tx) => {
      // Also of who asks for the stored answer again.
      await this.refuse(tx, ctx, request.id);
      return once(tx, ctx, invitations.createRecovery, request, () => this.make(tx, ctx, request.id, hands));
    });
    return this.handOver.shown(hands, remembered, request.id);
  }

  private async refuse(tx: Tx, ctx: RequestContext, id: string): Promise<void> {
    const caller = callerOf(ctx);
    const to = { ...caller, principalId: id };
    const member = await lockMember(tx, to);
    if (!member || member.disabledAt || member.principal.kind !== 'user')
      throw new ConclaveError('auth.member.not-found', { id });
    await refuseMightier(tx, ctx, member);
    await refuseFromNetworks(tx, ctx.tenantId, ctx.credentialId);
    const memberships = await membershipsOf(tx, caller);
    const own = new Map(memberships.map(({ workspaceId, role }) => [workspaceId, role]));
    const owns = memberships.some(({ owner }) => owner);
    for (const { workspaceId, role, owner } of await membershipsOf(tx, to)) {
      const mine = (await permissionsOf(tx, caller.tenantId, own.get(workspaceId) ?? '', owns)) ?? [];
      const theirs = (await permissionsOf(tx, caller.tenantId, role, owner)) ?? [];
      const missing = theirs.filter((permission) => !ctx.scopes.has(permission) || !mine.includes(permission));
      if (missing.length > 0 || !mine.includes('member:manage'))
        throw new ConclaveError('auth.role.too-wide', { role, missing });
    }
  }

  private async make(tx: Tx, ctx: RequestContext, id: string, hands: Hands): Promise<Reply> {
    const caller = callerOf(ctx);
    const to = { ...caller, principalId: id };
    const { id: linkId, link, expiresAt } = await this.makeLink.run(tx, to, 'recovery', caller.principalId);
    const send = { kind: 'recovery' as const, principalId: id, linkId, link };
    const given = await this.handOver.give(tx, ctx, { ...send, hands, name: id });
    return { ...given, expiresAt: expiresAt.toISOString() };
  }
}
