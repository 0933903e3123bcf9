import { connections, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ConnectionSignIn } from './connection-sign-in.js';
import { GetClientKeys } from './get-client-keys.js';
import { GetSamlMetadata } from './get-saml-metadata.js';
import { ListSignInOptions } from './list-sign-in-options.js';

@Controller()
export class ConnectionSignInsController {
  constructor(
    private readonly connectionSignIn: ConnectionSignIn,
    private readonly listSignInOptions: ListSignInOptions,
    private readonly getSamlMetadata: GetSamlMetadata,
    private readonly getClientKeys: GetClientKeys,
  ) {}

  @Handles(connections.beginConnectionSignIn)
  begin(_ctx: RequestContext, request: RequestOf<typeof connections.beginConnectionSignIn>) {
    return this.connectionSignIn.begin(request);
  }

  @Handles(connections.finishConnectionSignIn)
  finish(_ctx: RequestContext, request: RequestOf<typeof connections.finishConnectionSignIn>) {
    return this.connectionSignIn.finish(request);
  }

  @Handles(connections.listSignInOptions)
  options(_ctx: RequestContext, request: RequestOf<typeof connections.listSignInOptions>) {
    return this.listSignInOptions.run(request);
  }

  @Handles(connections.getSamlMetadata)
  metadata(_ctx: RequestContext, request: RequestOf<typeof connections.getSamlMetadata>) {
    return this.getSamlMetadata.run(request);
  }

  @Handles(connections.getClientKeys)
  keys(_ctx: RequestContext, request: RequestOf<typeof connections.getClientKeys>) {
    return this.getClientKeys.run(request);
  }
}
