import { breakGlass, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { BreakTheGlass } from './break-glass.js';

@Controller()
export class BreakGlassController {
  constructor(private readonly glass: BreakTheGlass) {}

  @Handles(breakGlass.openBreakGlass)
  open(ctx: RequestContext, request: RequestOf<typeof breakGlass.openBreakGlass>) {
    return this.glass.open(ctx, request);
  }

  @Handles(breakGlass.listBreakGlass)
  list(ctx: RequestContext, request: RequestOf<typeof breakGlass.listBreakGlass>) {
    return this.glass.list(ctx, request);
  }

  @Handles(breakGlass.endBreakGlass)
  end(ctx: RequestContext, request: RequestOf<typeof breakGlass.endBreakGlass>) {
    return this.glass.end(ctx, request);
  }

  @Handles(breakGlass.reviewBreakGlass)
  review(ctx: RequestContext, request: RequestOf<typeof breakGlass.reviewBreakGlass>) {
    return this.glass.review(ctx, request);
  }
}
