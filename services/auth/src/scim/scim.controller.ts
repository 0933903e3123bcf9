import { scim, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AnswerScim } from './answer-scim.js';
import { Groups } from './groups.js';

@Controller()
export class ScimController {
  constructor(
    private readonly directory: AnswerScim,
    private readonly groups: Groups,
  ) {}

  @Handles(scim.scimRequest)
  answer(ctx: RequestContext, request: RequestOf<typeof scim.scimRequest>) {
    return this.directory.run(ctx, request);
  }

  @Handles(scim.listGroups)
  list(ctx: RequestContext, request: RequestOf<typeof scim.listGroups>) {
    return this.groups.list(ctx, request);
  }

  @Handles(scim.setGroupRole)
  setRole(ctx: RequestContext, request: RequestOf<typeof scim.setGroupRole>) {
    return this.groups.setRole(ctx, request);
  }
}
