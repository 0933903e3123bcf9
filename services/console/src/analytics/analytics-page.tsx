import { metrics, type ReplyOf } from '@conclave/contracts';
import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/queries.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page, Waiting } from '../design/page.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { duration } from '../design/time.js';
import { DayChart, type TonedSeries } from './day-chart.js';
import classes from './analytics-page.module.css';

const DAY_MS = 86_400_000;
const REFRESH_MS = 30_000;
const ranges = ['7', '30', '90'].map((days) => ({ value: days, label: `${days} days` }));
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const plain = (value: number): string => value.toLocaleString('en');
const dollars = (micros: number): string => `$${(micros / 1e6).toFixed(2)}`;
const sumOf = <T,>(all: readonly T[], of: (one: T) => number): number => all.reduce((sum, one) => sum + of(one), 0);

/** What was decided and what it took, per day. */
export function AnalyticsPage() {
  const [days, setDays] = useState('30');
  const now = Date.now();
  const range = { from: dayOf(now - (Number(days) - 1) * DAY_MS), to: dayOf(now) };
  const decisions = useQuery({ ...ask(metrics.getDecisionAnalytics, range), refetchInterval: REFRESH_MS });
  const usage = useQuery({ ...ask(metrics.getUsageAnalytics, range), refetchInterval: REFRESH_MS });
  const error = decisions.error ?? usage.error;
  return (
    <Page
      title="Analytics"
      description="Decisions by outcome, runs, and what models cost. Days are UTC."
      actions={<SegmentedControl aria-label="Range" size="xs" data={ranges} value={days} onChange={setDays} />}
    >
      {decisions.data && usage.data ? (
        <Charts decisions={decisions.data} usage={usage.data.days} />
      ) : error ? (
        <Refusal error={error} onRetry={() => void Promise.all([decisions.refetch(), usage.refetch()])} />
      ) : (
        <Waiting rows={3} height={180} />
      )}
    </Page>
  );
}

type Decisions = ReplyOf<typeof metrics.getDecisionAnalytics>;
type Usage = ReplyOf<typeof metrics.getUsageAnalytics>['days'];

function Charts({
  decisions: { days, total, medianMs },
  usage,
}: {
  readonly decisions: Decisions;
  readonly usage: Usage;
}) {
  const runs = sumOf(usage, (day) => day.runs);
  if (total === 0 && runs === 0)
    return (
      <Panel>
        <NothingHere icon="bars" title="Nothing happened in these days">
          Figures appear here within seconds of the first decision.
        </NothingHere>
      </Panel>
    );
  const tokens = sumOf(usage, (day) => day.inputTokens + day.outputTokens);
  const approved = sumOf(days, (day) => day.approved);
  return (
    <Stack gap="md">
      <dl className={classes['figures']}>
        <Figure name="Decisions" value={plain(total)} />
        <Figure name="Approved" value={total === 0 ? '–' : `${Math.round((approved / total) * 100)} %`} />
        <Figure name="Median time" value={medianMs === undefined ? '–' : duration(medianMs)} />
        <Figure name="Model cost" value={dollars(sumOf(usage, (day) => day.costMicros))} />
      </dl>
      <DayChart
        title="Decisions"
        sum={`${plain(total)} in ${days.length} days`}
        days={days.map(({ day }) => day)}
        series={outcomesOf(days)}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <DayChart
          title="Runs"
          sum={`${plain(runs)}, of which ${plain(sumOf(usage, (day) => day.failed))} failed`}
          days={usage.map(({ day }) => day)}
          series={[
            { name: 'Completed or under way', tone: 'accent', values: usage.map((day) => day.runs - day.failed) },
            { name: 'Failed', tone: 'bad', values: usage.map((day) => day.failed) },
          ]}
        />
        <DayChart
          title="Model tokens"
          sum={`${plain(tokens)} tokens`}
          days={usage.map(({ day }) => day)}
          series={[
            { name: 'Input', tone: 'info', values: usage.map((day) => day.inputTokens) },
            { name: 'Output', tone: 'accent', values: usage.map((day) => day.outputTokens) },
          ]}
        />
      </SimpleGrid>
    </Stack>
  );
}

/** `Other` is rare: it takes a place in the chart only where there is one. */
function outcomesOf(days: Decisions['days']): readonly TonedSeries[] {
  const series: TonedSeries[] = [
    { name: 'Approved', tone: 'good', values: days.map((day) => day.approved) },
    { name: 'Rejected', tone: 'bad', values: days.map((day) => day.rejected) },
    { name: 'Undecided', tone: 'warn', values: days.map((day) => day.undecided) },
  ];
  const other = days.map((day) => day.other);
  return other.some((count) => count > 0) ? [...series, { name: 'Other', tone: 'plain', values: other }] : series;
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className={classes['figure']}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
