import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ChangeMe } from './change-me.js';

@Controller()
export class ProfileController {
  constructor(private readonly changeMe: ChangeMe) {}

  @Handles(auth.changeMe)
  change(ctx: RequestContext, request: RequestOf<typeof auth.changeMe>) {
    return this.changeMe.run(ctx, request);
  }
}
