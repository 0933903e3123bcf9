import { ConclaveError, events, invitations, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf } from '../members/caller.js';
import { DisableMember } from '../members/disable-member.js';
import { insertMembership, insertPrincipal, lockMember } from '../members/postgres-members.js';
import { insertPerson } from '../members/postgres-persons.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import { HandOver, type Hands } from './hand-over.js';
import { makerOf, refuseLinkBeyond } from './link-reach.js';
import { MakeLink } from './make-link.js';
import { lockInvitation, pageOfInvitations, type Invitation } from './postgres-links.js';

type Created = ReplyOf<typeof invitations.createInvitation>;

/** Invitations: a member who has no way in yet, and the one-time link with which they get one. */
@Injectable()
export class Invite {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly makeLink: MakeLink,
    private readonly disableMember: DisableMember,
    private readonly handOver: HandOver,
  ) {}

  /** @throws ConclaveError `auth.role.too-wide` | `auth.passkeys-unavailable` | `auth.sign-in.providers-only` */
  async run(ctx: RequestContext, request: RequestOf<typeof invitations.createInvitation>): Promise<Created> {
    this.ceremonies.site();
    const hands = await this.handOver.ready(ctx, request.sendMail);
    const remembered = await this.db.tx(ctx, async (tx) => {
      await refuseWiderRole(tx, ctx, request.role);
      const made = await once(tx, ctx, invitations.createInvitation, request, () =>
        this.create(tx, ctx, request, hands),
      );
      return this.given(tx, ctx, made);
    });
    return this.handOver.shown(hands, remembered, remembered.id);
  }

  /** @throws ConclaveError `auth.invitation.not-found` | `auth.role.too-wide` | `auth.mail.unavailable` */
  async renew(ctx: RequestContext, request: RequestOf<typeof invitations.renewInvitation>): Promise<Created> {
    this.ceremonies.site();
    const hands = await this.handOver.ready(ctx, request.sendMail);
    const remembered = await this.db.tx(ctx, async (tx) => {
      const made = await once(tx, ctx, invitations.renewInvitation, request, async () => {
        const invitation = await lockInvitation(tx, callerOf(ctx), request.id);
        if (!invitation) throw new ConclaveError('auth.invitation.not-found', { id: request.id });
        const { principal, name, role, email } = invitation;
        const member = await lockMember(tx, { ...callerOf(ctx), principalId: principal });
        if (!member || member.disabledAt) throw new ConclaveError('auth.invitation.not-found', { id: request.id });
        return this.invitationOf(tx, ctx, { principal, name, role, email }, hands);
      });
      return this.given(tx, ctx, made);
    });
    return this.handOver.shown(hands, remembered, remembered.id);
  }

  list(
    ctx: RequestContext,
    page: RequestOf<typeof invitations.listInvitations>,
  ): Promise<ReplyOf<typeof invitations.listInvitations>> {
    return pageOfInvitations(this.db.autocommit(ctx), callerOf(ctx), page);
  }

  /** @throws ConclaveError `auth.invitation.not-found` | `auth.role.too-wide` | `auth.member.last-administrator` */
  revoke(ctx: RequestContext, request: RequestOf<typeof invitations.revokeInvitation>): Promise<Invitation> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, invitations.revokeInvitation, request, async () => {
        const invitation = await lockInvitation(tx, callerOf(ctx), request.id);
        if (!invitation) throw new ConclaveError('auth.invitation.not-found', { id: request.id });
        await this.disableMember.disable(tx, ctx, invitation.principal);
        return invitation;
      }),
    );
  }

  private async create(
    tx: Tx,
    ctx: RequestContext,
    { name, email, role }: RequestOf<typeof invitations.createInvitation>,
    hands: Hands,
  ): Promise<Created> {
    const { tenantId, workspaceId } = callerOf(ctx);
    await refuseBeyond(tx, tenantId, 'members');
    const principalId = newId('principal');
    const createdAt = new Date();
    await insertPrincipal(tx, { tenantId, id: principalId, kind: 'user', name, createdAt });
    await insertMembership(tx, { tenantId, workspaceId, principalId, role, createdAt });
    await insertPerson(tx, { tenantId, principalId, email, at: createdAt });
    await tx.emit(events.memberAdded, { principal: principalId, workspace: workspaceId, role });
    return this.invitationOf(tx, ctx, { principal: principalId, name, role, email }, hands);
  }

  /** Asked of everybody who is given the link, also of who asks for the stored answer again. */
  private async given(tx: Tx, ctx: RequestContext, made: Created): Promise<Created> {
    await refuseLinkBeyond(tx, ctx, made.principal);
    await refuseFromNetworks(tx, ctx.tenantId, ctx.credentialId);
    return made;
  }

  /** A link for a member who has no way in. */
  private async invitationOf(
    tx: Tx,
    ctx: RequestContext,
    { email, ...who }: Pick<Created, 'principal' | 'name' | 'role'> & { email: string | undefined },
    hands: Hands,
  ): Promise<Created> {
    const to = { ...callerOf(ctx), principalId: who.principal };
    const { id, link, createdAt, expiresAt } = await this.makeLink.run(tx, to, 'invitation', makerOf(ctx));
    const send = { kind: 'invitation' as const, principalId: who.principal, linkId: id, link };
    return {
      ...{ id, ...who, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
      ...(email === undefined ? {} : { email }),
      ...(await this.handOver.give(tx, ctx, { ...send, hands, name: id })),
    };
  }
}
