import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CreateApiKey } from './create-api-key.js';
import { ListApiKeys } from './list-api-keys.js';
import { RevokeApiKey } from './revoke-api-key.js';

@Controller()
export class ApiKeysController {
  constructor(
    private readonly createApiKey: CreateApiKey,
    private readonly listApiKeys: ListApiKeys,
    private readonly revokeApiKey: RevokeApiKey,
  ) {}

  @Handles(auth.createApiKey)
  create(ctx: RequestContext, request: RequestOf<typeof auth.createApiKey>) {
    return this.createApiKey.run(ctx, request);
  }

  @Handles(auth.listApiKeys)
  list(ctx: RequestContext, request: RequestOf<typeof auth.listApiKeys>) {
    return this.listApiKeys.run(ctx, request);
  }

  @Handles(auth.revokeApiKey)
  revoke(ctx: RequestContext, request: RequestOf<typeof auth.revokeApiKey>) {
    return this.revokeApiKey.run(ctx, request);
  }
}
