import { connections, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { RollKey } from '../connections/roll-key.js';
import { TakeLogout } from './take-logout.js';

@Controller()
export class ProviderLogoutsController {
  constructor(
    private readonly takeLogout: TakeLogout,
    private readonly rollKey: RollKey,
  ) {}

  @Handles(connections.answerSamlLogout)
  saml(_ctx: RequestContext, request: RequestOf<typeof connections.answerSamlLogout>) {
    return this.takeLogout.bySaml(request);
  }

  @Handles(connections.finishSamlLogout)
  finish(_ctx: RequestContext, request: RequestOf<typeof connections.finishSamlLogout>) {
    return this.takeLogout.finish(request);
  }

  @Handles(connections.takeOidcLogout)
  token(_ctx: RequestContext, request: RequestOf<typeof connections.takeOidcLogout>) {
    return this.takeLogout.byToken(request);
  }

  @Handles(connections.rollConnectionKey)
  rollConnectionKey(ctx: RequestContext, request: RequestOf<typeof connections.rollConnectionKey>) {
    return this.rollKey.run(ctx, request);
  }
}
