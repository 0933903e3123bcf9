import { passkeys, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AddPasskey } from './add-passkey.js';
import { Ceremonies } from './ceremonies.js';
import { ManagePasskeys } from './manage-passkeys.js';
import { SignInWithPasskey } from './sign-in-with-passkey.js';

@Controller()
export class PasskeysController {
  constructor(
    private readonly addPasskey: AddPasskey,
    private readonly managePasskeys: ManagePasskeys,
    private readonly ceremonies: Ceremonies,
    private readonly signInWithPasskey: SignInWithPasskey,
  ) {}

  @Handles(passkeys.challengePasskey)
  begin(ctx: RequestContext) {
    return this.addPasskey.begin(ctx);
  }

  @Handles(passkeys.addPasskey)
  add(ctx: RequestContext, request: RequestOf<typeof passkeys.addPasskey>) {
    return this.addPasskey.run(ctx, request);
  }

  @Handles(passkeys.listPasskeys)
  list(ctx: RequestContext, request: RequestOf<typeof passkeys.listPasskeys>) {
    return this.managePasskeys.list(ctx, request);
  }

  @Handles(passkeys.renamePasskey)
  rename(ctx: RequestContext, request: RequestOf<typeof passkeys.renamePasskey>) {
    return this.managePasskeys.rename(ctx, request);
  }

  @Handles(passkeys.removePasskey)
  remove(ctx: RequestContext, request: RequestOf<typeof passkeys.removePasskey>) {
    return this.managePasskeys.remove(ctx, request);
  }

  @Handles(passkeys.challengeSignIn)
  async challenge() {
    return { options: await this.ceremonies.requestOptions() };
  }

  @Handles(passkeys.signInWithPasskey)
  signIn(_ctx: RequestContext, request: RequestOf<typeof passkeys.signInWithPasskey>) {
    return this.signInWithPasskey.run(request);
  }
}
