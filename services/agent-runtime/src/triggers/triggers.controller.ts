import { Controller, Inject } from '@nestjs/common';
import { triggers, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { DeliverHook } from './deliver-hook.js';
import { ManageTriggers } from './manage-triggers.js';

@Controller()
export class TriggersController {
  constructor(
    @Inject(ManageTriggers) private readonly manage: ManageTriggers,
    @Inject(DeliverHook) private readonly deliverHook: DeliverHook,
  ) {}

  @Handles(triggers.createTrigger)
  create(ctx: RequestContext, request: RequestOf<typeof triggers.createTrigger>) {
    return this.manage.create(ctx, request);
  }

  @Handles(triggers.listTriggers)
  list(ctx: RequestContext, request: RequestOf<typeof triggers.listTriggers>) {
    return this.manage.list(ctx, request);
  }

  @Handles(triggers.getTrigger)
  get(ctx: RequestContext, { id }: { id: string }) {
    return this.manage.get(ctx, id);
  }

  @Handles(triggers.changeTrigger)
  change(ctx: RequestContext, request: RequestOf<typeof triggers.changeTrigger>) {
    return this.manage.change(ctx, request);
  }

  @Handles(triggers.deleteTrigger)
  delete(ctx: RequestContext, request: RequestOf<typeof triggers.deleteTrigger>) {
    return this.manage.delete(ctx, request);
  }

  @Handles(triggers.fireTrigger)
  fire(ctx: RequestContext, request: RequestOf<typeof triggers.fireTrigger>) {
    return this.manage.fire(ctx, request);
  }

  @Handles(triggers.listTriggerFailures)
  failures(ctx: RequestContext, request: RequestOf<typeof triggers.listTriggerFailures>) {
    return this.manage.failures(ctx, request);
  }

  @Handles(triggers.deliverHook)
  deliver(_ctx: RequestContext, request: RequestOf<typeof triggers.deliverHook>) {
    return this.deliverHook.run(request);
  }
}
