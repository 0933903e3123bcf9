import { consensus, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller, Inject } from '@nestjs/common';
import { Calibration } from './calibration.js';

@Controller()
export class CalibrationController {
  constructor(@Inject(Calibration) private readonly calibration: Calibration) {}

  @Handles(consensus.recordHindsight)
  record(ctx: RequestContext, request: RequestOf<typeof consensus.recordHindsight>) {
    return this.calibration.record(ctx, request);
  }

  @Handles(consensus.listCalibration)
  list(ctx: RequestContext, query: RequestOf<typeof consensus.listCalibration>) {
    return this.calibration.list(ctx, query);
  }
}
