import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CreateSignIn } from './create-sign-in.js';
import { EndSignIn } from './end-sign-in.js';

@Controller()
export class SignInsController {
  constructor(
    private readonly createSignIn: CreateSignIn,
    private readonly endSignIn: EndSignIn,
  ) {}

  @Handles(auth.createSignIn)
  create(_ctx: RequestContext, request: RequestOf<typeof auth.createSignIn>) {
    return this.createSignIn.run(request);
  }

  @Handles(auth.endSignIn)
  end(_ctx: RequestContext, request: RequestOf<typeof auth.endSignIn>) {
    return this.endSignIn.run(request);
  }
}
