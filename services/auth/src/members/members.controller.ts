import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AddMember } from './add-member.js';
import { ChangeMember } from './change-member.js';
import { DisableMember } from './disable-member.js';
import { GetMe } from './get-me.js';
import { ListMembers } from './list-members.js';

@Controller()
export class MembersController {
  constructor(
    private readonly getMe: GetMe,
    private readonly listMembers: ListMembers,
    private readonly addMember: AddMember,
    private readonly changeMember: ChangeMember,
    private readonly disableMember: DisableMember,
  ) {}

  @Handles(auth.getMe)
  me(ctx: RequestContext) {
    return this.getMe.run(ctx);
  }

  @Handles(auth.listMembers)
  list(ctx: RequestContext, request: RequestOf<typeof auth.listMembers>) {
    return this.listMembers.run(ctx, request);
  }

  @Handles(auth.addMember)
  add(ctx: RequestContext, request: RequestOf<typeof auth.addMember>) {
    return this.addMember.run(ctx, request);
  }

  @Handles(auth.changeMember)
  change(ctx: RequestContext, request: RequestOf<typeof auth.changeMember>) {
    return this.changeMember.run(ctx, request);
  }

  @Handles(auth.disableMember)
  disable(ctx: RequestContext, request: RequestOf<typeof auth.disableMember>) {
    return this.disableMember.run(ctx, request);
  }
}
