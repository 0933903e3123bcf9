import { Controller, Inject } from '@nestjs/common';
import { models, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { ModelFallbacks } from './postgres-model-fallbacks.js';

@Controller()
export class ModelsController {
  constructor(@Inject(ModelFallbacks) private readonly fallbacks: ModelFallbacks) {}

  @Handles(models.listModels)
  list(ctx: RequestContext) {
    return this.fallbacks.list(ctx);
  }

  @Handles(models.setFallbacks)
  set(ctx: RequestContext, request: RequestOf<typeof models.setFallbacks>) {
    return this.fallbacks.set(ctx, request);
  }
}
