import { Inject, Injectable } from '@nestjs/common';
import type { ReplyOf, metrics } from '@conclave/contracts';
import { Database, type Actor } from '@conclave/postgres-kit';
import type { DayRange } from './day-range.js';

type Decisions = ReplyOf<typeof metrics.getDecisionAnalytics>;
type Usage = ReplyOf<typeof metrics.getUsageAnalytics>;

/** A row of counts; Postgres gives bigint and numeric as text. */
type Counts<Member extends string> = { day: string } & Record<Member, string>;

const numbers = <M extends string>({ day, ...counts }: Counts<M>) =>
  ({ day, ...Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)])) }) as {
    day: string;
  } & Record<M, number>;

/** Counts facts per day; days without any are in the answer with zeros, so that a chart needs no filling in. */
@Injectable()
export class PostgresAnalytics {
  constructor(@Inject(Database) private readonly db: Database) {}

  async decisions(ctx: Actor, { from, to }: DayRange): Promise<Decisions> {
    // One statement, so that the days, their total and the median are of the same facts.
    const rows = await this.db
      .autocommit(ctx)
      .query<Counts<'approved' | 'rejected' | 'undecided' | 'other'> & { median: string | null }>(
        `with fact as materialized (
           select day, outcome, duration_ms from decision_fact where tenant_id = $1 and day between $2 and $3
         )
         select to_char(d.day, 'YYYY-MM-DD') as day,
           count(*) filter (where f.outcome = 'approved') as approved,
           count(*) filter (where f.outcome = 'rejected') as rejected,
           count(*) filter (where f.outcome = 'undecided') as undecided,
           count(f.outcome) filter (where f.outcome not in ('approved', 'rejected', 'undecided')) as other,
           (select percentile_disc(0.5) within group (order by duration_ms) from fact) as median
         from generate_series($2::date, $3::date, interval '1 day') as d(day)
         left join fact f on f.day = d.day::date
         group by d.day order by d.day`,
        [ctx.tenantId, from, to],
      );
    const median = rows[0]?.median ?? null;
    const days = rows.map(({ median: _, ...counts }) => numbers(counts));
    return {
      days,
      total: days.reduce((sum, day) => sum + day.approved + day.rejected + day.undecided + day.other, 0),
      ...(median === null ? {} : { medianMs: Number(median) }),
    };
  }

  async usage(ctx: Actor, { from, to }: DayRange): Promise<Usage> {
    const days = await this.db
      .autocommit(ctx)
      .query<Counts<'runs' | 'failed' | 'inputTokens' | 'outputTokens' | 'costMicros'>>(
        `select to_char(d.day, 'YYYY-MM-DD') as day, count(f.run_id) as runs, count(*) filter (where f.state = 'failed') as failed,
           coalesce(sum(f.input_tokens), 0) as "inputTokens", coalesce(sum(f.output_tokens), 0) as "outputTokens", coalesce(sum(f.cost_micros), 0) as "costMicros"
         from generate_series($2::date, $3::date, interval '1 day') as d(day)
         left join run_fact f on f.tenant_id = $1 and f.day = d.day::date
         group by d.day order by d.day`,
        [ctx.tenantId, from, to],
      );
    return { days: days.map(numbers) };
  }
}
