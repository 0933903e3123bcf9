import { oauth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { OauthClients } from './oauth-clients.js';

@Controller()
export class OauthClientsController {
  constructor(private readonly clients: OauthClients) {}

  @Handles(oauth.createOauthClient)
  create(ctx: RequestContext, request: RequestOf<typeof oauth.createOauthClient>) {
    return this.clients.create(ctx, request);
  }

  @Handles(oauth.listOauthClients)
  list(ctx: RequestContext, request: RequestOf<typeof oauth.listOauthClients>) {
    return this.clients.list(ctx, request);
  }

  @Handles(oauth.changeOauthClient)
  change(ctx: RequestContext, request: RequestOf<typeof oauth.changeOauthClient>) {
    return this.clients.change(ctx, request);
  }

  @Handles(oauth.deleteOauthClient)
  delete(ctx: RequestContext, request: RequestOf<typeof oauth.deleteOauthClient>) {
    return this.clients.delete(ctx, request);
  }
}
