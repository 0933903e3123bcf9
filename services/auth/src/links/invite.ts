import { ConclaveError, events, invitations, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf } from '../members/caller.js';
import { DisableMember } from '../members/disable-member.js';
import { insertMembership, insertPrincipal } from '../members/postgres-members.js';
import { insertPerson } from '../members/postgres-persons.js';
import { refuseWiderRole } from '../members/role-grant.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import { AnswerBox } from '../credentials/answer-box.js';
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
    private readonly box: AnswerBox,
  ) {}

  /** @throws ConclaveError `auth.role.too-wide` | `auth.passkeys-unavailable` */
  async run(ctx: RequestContext, request: RequestOf<typeof invitations.createInvitation>): Promise<Created> {
    this.ceremonies.site();
    const sealed = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, invitations.createInvitation, request, () => this.create(tx, ctx, request)),
    );
    return { ...sealed, link: this.box.open(sealed.link, sealed.id) };
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
  ): Promise<Created> {
    await refuseWiderRole(tx, ctx, role);
    await refuseFromNetworks(tx, ctx.tenantId, ctx.credentialId);
    const { tenantId, workspaceId, principalId: madeBy } = callerOf(ctx);
    await refuseBeyond(tx, tenantId, 'members');
    const principalId = newId('principal');
    const createdAt = new Date();
    await insertPrincipal(tx, { tenantId, id: principalId, kind: 'user', name, createdAt });
    await insertMembership(tx, { tenantId, workspaceId, principalId, role, createdAt });
    await insertPerson(tx, { tenantId, principalId, email, at: createdAt });
    await tx.emit(events.memberAdded, { principal: principalId, workspace: workspaceId, role });
    const {
      id,
      link,
      createdAt: madeAt,
      expiresAt,
    } = await this.makeLink.run(tx, { tenantId, workspaceId, principalId }, 'invitation', madeBy);
    const view = { id, principal: principalId, name, role, createdAt: madeAt.toISOString() };
    return {
      ...{ ...view, expiresAt: expiresAt.toISOString(), link: this.box.seal(link, id) },
      ...(email === undefined ? {} : { email }),
    };
  }
}
