import { oauth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { AnswerOauth } from './answer-oauth.js';
import { Authorizations } from './authorizations.js';
import { DeviceCodes } from './device-codes.js';
import { Grants } from './grants.js';

@Controller()
export class OauthController {
  constructor(
    private readonly protocol: AnswerOauth,
    private readonly deviceCodes: DeviceCodes,
    private readonly authorizations: Authorizations,
    private readonly grants: Grants,
  ) {}

  @Handles(oauth.oauthRequest)
  answer(_ctx: RequestContext, request: RequestOf<typeof oauth.oauthRequest>) {
    return this.protocol.run(request);
  }

  @Handles(oauth.openDeviceCode)
  openDeviceCode(ctx: RequestContext, request: RequestOf<typeof oauth.openDeviceCode>) {
    return this.deviceCodes.open(ctx, request);
  }

  @Handles(oauth.decideDeviceCode)
  decideDeviceCode(ctx: RequestContext, request: RequestOf<typeof oauth.decideDeviceCode>) {
    return this.deviceCodes.decide(ctx, request);
  }

  @Handles(oauth.getAuthorization)
  getAuthorization(ctx: RequestContext, request: RequestOf<typeof oauth.getAuthorization>) {
    return this.authorizations.get(ctx, request);
  }

  @Handles(oauth.decideAuthorization)
  decideAuthorization(ctx: RequestContext, request: RequestOf<typeof oauth.decideAuthorization>) {
    return this.authorizations.decide(ctx, request);
  }

  @Handles(oauth.listGrants)
  listGrants(ctx: RequestContext, request: RequestOf<typeof oauth.listGrants>) {
    return this.grants.list(ctx, request);
  }

  @Handles(oauth.revokeGrant)
  revokeGrant(ctx: RequestContext, request: RequestOf<typeof oauth.revokeGrant>) {
    return this.grants.revoke(ctx, request);
  }
}
