import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { GetMe } from './get-me.js';
import { ListMembers } from './list-members.js';

@Controller()
export class MembersController {
  constructor(
    private readonly getMe: GetMe,
    private readonly listMembers: ListMembers,
  ) {}

  @Handles(auth.getMe)
  me(ctx: RequestContext) {
    return this.getMe.run(ctx);
  }

  @Handles(auth.listMembers)
  list(ctx: RequestContext, request: RequestOf<typeof auth.listMembers>) {
    return this.listMembers.run(ctx, request);
  }
}
