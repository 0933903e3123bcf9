import { audit, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller, Inject } from '@nestjs/common';
import { AddEntries } from './add-entries.js';

@Controller()
export class EntriesController {
  constructor(@Inject(AddEntries) private readonly adding: AddEntries) {}

  @Handles(audit.addEntry)
  add(ctx: RequestContext, request: RequestOf<typeof audit.addEntry>) {
    return this.adding.add(ctx, request);
  }
}
