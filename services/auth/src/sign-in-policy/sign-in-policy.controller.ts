import { signInPolicy, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ManageSignInPolicy } from './manage-sign-in-policy.js';

@Controller()
export class SignInPolicyController {
  constructor(private readonly policy: ManageSignInPolicy) {}

  @Handles(signInPolicy.getSignInPolicy)
  get(ctx: RequestContext) {
    return this.policy.read(ctx);
  }

  @Handles(signInPolicy.putSignInPolicy)
  put(ctx: RequestContext, request: RequestOf<typeof signInPolicy.putSignInPolicy>) {
    return this.policy.put(ctx, request);
  }
}
