import { Controller, Inject } from '@nestjs/common';
import { caps, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { PostgresCaps } from './postgres-caps.js';

@Controller()
export class CapsController {
  constructor(@Inject(PostgresCaps) private readonly caps: PostgresCaps) {}

  @Handles(caps.listCaps)
  list(ctx: RequestContext) {
    return this.caps.list(ctx);
  }

  @Handles(caps.setCap)
  set(ctx: RequestContext, request: RequestOf<typeof caps.setCap>) {
    return this.caps.set(ctx, request);
  }
}
