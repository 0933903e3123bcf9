import { invitations, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AcceptLink } from './accept-link.js';
import { Invite } from './invite.js';
import { RecoverMember } from './recover-member.js';

@Controller()
export class LinksController {
  constructor(
    private readonly invite: Invite,
    private readonly recoverMember: RecoverMember,
    private readonly acceptLink: AcceptLink,
  ) {}

  @Handles(invitations.createInvitation)
  create(ctx: RequestContext, request: RequestOf<typeof invitations.createInvitation>) {
    return this.invite.run(ctx, request);
  }

  @Handles(invitations.listInvitations)
  list(ctx: RequestContext, request: RequestOf<typeof invitations.listInvitations>) {
    return this.invite.list(ctx, request);
  }

  @Handles(invitations.revokeInvitation)
  revoke(ctx: RequestContext, request: RequestOf<typeof invitations.revokeInvitation>) {
    return this.invite.revoke(ctx, request);
  }

  @Handles(invitations.renewInvitation)
  renew(ctx: RequestContext, request: RequestOf<typeof invitations.renewInvitation>) {
    return this.invite.renew(ctx, request);
  }

  @Handles(invitations.createRecovery)
  recover(ctx: RequestContext, request: RequestOf<typeof invitations.createRecovery>) {
    return this.recoverMember.run(ctx, request);
  }

  @Handles(invitations.openLink)
  open(_ctx: RequestContext, { link }: RequestOf<typeof invitations.openLink>) {
    return this.acceptLink.open(link);
  }

  @Handles(invitations.acceptLink)
  accept(_ctx: RequestContext, request: RequestOf<typeof invitations.acceptLink>) {
    return this.acceptLink.run(request);
  }
}
