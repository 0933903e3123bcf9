import { Controller, Inject } from '@nestjs/common';
import { metrics, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { dayRange } from './day-range.js';
import { PostgresAnalytics } from './postgres-analytics.js';

@Controller()
export class AnalyticsController {
  constructor(@Inject(PostgresAnalytics) private readonly analytics: PostgresAnalytics) {}

  @Handles(metrics.getDecisionAnalytics)
  async decisions(ctx: RequestContext, request: RequestOf<typeof metrics.getDecisionAnalytics>) {
    return this.analytics.decisions(ctx, dayRange(request, Date.now()));
  }

  @Handles(metrics.getUsageAnalytics)
  async usage(ctx: RequestContext, request: RequestOf<typeof metrics.getUsageAnalytics>) {
    return this.analytics.usage(ctx, dayRange(request, Date.now()));
  }
}
