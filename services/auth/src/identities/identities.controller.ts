import { connections, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { LinkIdentity } from './link-identity.js';

@Controller()
export class IdentitiesController {
  constructor(private readonly linkIdentity: LinkIdentity) {}

  @Handles(connections.listIdentities)
  identities(ctx: RequestContext, request: RequestOf<typeof connections.listIdentities>) {
    return this.linkIdentity.list(ctx, request);
  }

  @Handles(connections.linkIdentity)
  link(ctx: RequestContext, request: RequestOf<typeof connections.linkIdentity>) {
    return this.linkIdentity.link(ctx, request);
  }

  @Handles(connections.unlinkIdentity)
  unlink(ctx: RequestContext, request: RequestOf<typeof connections.unlinkIdentity>) {
    return this.linkIdentity.unlink(ctx, request);
  }
}
