import { mfa, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AddTotp } from './add-totp.js';
import { StepUp } from './step-up.js';

/** What the edge asks under the secret of a browser's sign-in, as it changes that. */
@Controller()
export class StepUpController {
  constructor(
    private readonly stepUp: StepUp,
    private readonly addTotp: AddTotp,
  ) {}

  @Handles(mfa.stepUp)
  show(_ctx: RequestContext, request: RequestOf<typeof mfa.stepUp>) {
    return this.stepUp.run(request);
  }

  @Handles(mfa.addTotp)
  add(_ctx: RequestContext, request: RequestOf<typeof mfa.addTotp>) {
    return this.addTotp.run(request);
  }
}
