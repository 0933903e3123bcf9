import { Controller, Inject } from '@nestjs/common';
import { runs, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { SendEvent } from './send-event.js';

@Controller()
export class EventsController {
  constructor(@Inject(SendEvent) private readonly sendEvent: SendEvent) {}

  @Handles(runs.sendEvent)
  send(ctx: RequestContext, request: RequestOf<typeof runs.sendEvent>) {
    return this.sendEvent.run(ctx, request);
  }
}
