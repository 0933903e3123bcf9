import { z } from 'zod';
import { contract } from '../contract.js';

const day = z.iso.date();
/** Days that can be asked for: before the epoch nothing was decided, and calendars begin to differ. */
const asked = day.refine((text) => text >= '1970-01-01', { error: 'expected a day since 1970-01-01' });
const range = { from: asked.optional(), to: asked.optional() };

/** Decisions per day (UTC) by outcome, over at most 366 days; the last 30 when no range is given. */
export const getDecisionAnalytics = contract({
  owner: 'metrics',
  subject: 'metrics.v1.decision.analyse',
  permission: 'analytics:read',
  request: z.strictObject(range),
  reply: z.object({
    days: z.array(
      z.object({
        day,
        approved: z.number().int(),
        rejected: z.number().int(),
        undecided: z.number().int(),
        other: z.number().int(),
      }),
    ),
    total: z.number().int(),
    medianMs: z.number().int().optional(),
  }),
  http: {
    method: 'GET',
    path: '/v1/analytics/decisions',
    summary: 'Decisions per day by outcome',
    tag: 'analytics',
    stability: 'beta',
  },
});

/** Runs and model usage per day (UTC). Cost is in millionths of a US dollar against the price table of the day. */
export const getUsageAnalytics = contract({
  owner: 'metrics',
  subject: 'metrics.v1.usage.analyse',
  permission: 'analytics:read',
  request: z.strictObject(range),
  reply: z.object({
    days: z.array(
      z.object({
        day,
        runs: z.number().int(),
        failed: z.number().int(),
        inputTokens: z.number().int(),
        outputTokens: z.number().int(),
        costMicros: z.number().int(),
      }),
    ),
  }),
  http: {
    method: 'GET',
    path: '/v1/analytics/usage',
    summary: 'Runs and model usage per day',
    tag: 'analytics',
    stability: 'beta',
  },
});
