import { secrets, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CreateSecret } from './create-secret.js';
import { DeleteSecret } from './delete-secret.js';
import { LeaseSecret } from './lease-secret.js';
import { ListSecrets } from './list-secrets.js';
import { RotateSecret } from './rotate-secret.js';

@Controller()
export class SecretsController {
  constructor(
    private readonly createSecret: CreateSecret,
    private readonly listSecrets: ListSecrets,
    private readonly rotateSecret: RotateSecret,
    private readonly deleteSecret: DeleteSecret,
    private readonly leaseSecret: LeaseSecret,
  ) {}

  @Handles(secrets.createSecret)
  create(ctx: RequestContext, request: RequestOf<typeof secrets.createSecret>) {
    return this.createSecret.run(ctx, request);
  }

  @Handles(secrets.listSecrets)
  list(ctx: RequestContext, request: RequestOf<typeof secrets.listSecrets>) {
    return this.listSecrets.run(ctx, request);
  }

  @Handles(secrets.rotateSecret)
  rotate(ctx: RequestContext, request: RequestOf<typeof secrets.rotateSecret>) {
    return this.rotateSecret.run(ctx, request);
  }

  @Handles(secrets.deleteSecret)
  delete(ctx: RequestContext, request: RequestOf<typeof secrets.deleteSecret>) {
    return this.deleteSecret.run(ctx, request);
  }

  @Handles(secrets.leaseSecret)
  lease(ctx: RequestContext, request: RequestOf<typeof secrets.leaseSecret>) {
    return this.leaseSecret.run(ctx, request);
  }
}
