import { auth, signIns, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CreateSignIn } from './create-sign-in.js';
import { EndSignIn } from './end-sign-in.js';
import { ListSignIns } from './list-sign-ins.js';
import { MoveSignIn } from './move-sign-in.js';
import { RevokeSignIn } from './revoke-sign-in.js';

@Controller()
export class SignInsController {
  constructor(
    private readonly createSignIn: CreateSignIn,
    private readonly endSignIn: EndSignIn,
    private readonly listSignIns: ListSignIns,
    private readonly revokeSignIn: RevokeSignIn,
    private readonly moveSignIn: MoveSignIn,
  ) {}

  @Handles(auth.createSignIn)
  create(_ctx: RequestContext, request: RequestOf<typeof auth.createSignIn>) {
    return this.createSignIn.run(request);
  }

  @Handles(auth.endSignIn)
  end(_ctx: RequestContext, request: RequestOf<typeof auth.endSignIn>) {
    return this.endSignIn.run(request);
  }

  @Handles(signIns.moveSignIn)
  move(_ctx: RequestContext, request: RequestOf<typeof signIns.moveSignIn>) {
    return this.moveSignIn.run(request);
  }

  @Handles(signIns.listSignIns)
  list(ctx: RequestContext, request: RequestOf<typeof signIns.listSignIns>) {
    return this.listSignIns.run(ctx, request);
  }

  @Handles(signIns.revokeSignIn)
  revoke(ctx: RequestContext, request: RequestOf<typeof signIns.revokeSignIn>) {
    return this.revokeSignIn.run(ctx, request);
  }
  @Handles(signIns.revokeSignIns)
  revokeAll(ctx: RequestContext, request: RequestOf<typeof signIns.revokeSignIns>) {
    return this.revokeSignIn.all(ctx, request);
  }
}
