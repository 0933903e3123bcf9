import { Table } from '@mantine/core';
import type { Tone } from '../design/tones.js';
import { Fold } from '../design/fold.js';
import { Panel } from '../design/panel.js';
import classes from './day-chart.module.css';
import { stack, type Series } from './stacks.js';

export interface TonedSeries extends Series {
  readonly tone: Tone;
}

interface DayChartProps {
  readonly title: string;
  /** The figure over the whole range. */
  readonly sum: string;
  readonly days: readonly string[];
  readonly series: readonly TonedSeries[];
  /** How a value is written. */
  readonly format?: (value: number) => string;
}

const WIDTH = 640;
const HEIGHT = 132;
const dayName = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const nameOf = (day: string): string => dayName.format(Date.parse(day));
const plain = (value: number): string => value.toLocaleString('en');

/** Counts per day as stacked bars; the same as a table, for whoever reads rather than looks. */
export function DayChart({ title, sum, days, series, format = plain }: DayChartProps) {
  const { bars, top } = stack(series, WIDTH, HEIGHT);
  const said = (day: number): string =>
    `${nameOf(days[day]!)}: ${series.map(({ name, values }) => `${name} ${format(values[day] ?? 0)}`).join(', ')}`;
  return (
    <Panel title={title} note={sum} aside={series.length > 1 && <Legend series={series} />}>
      <figure className={classes['figure']}>
        <span className={classes['top']} aria-hidden="true">
          {format(top)}
        </span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className={classes['chart']}
          role="img"
          aria-label={`${title}: ${sum}`}
        >
          {[0, 0.5, 1].map((at) => (
            <line key={at} x1="0" x2={WIDTH} y1={at * HEIGHT} y2={at * HEIGHT} className={classes['rule']} />
          ))}
          {bars.map((bar) => (
            <rect
              key={`${bar.day}-${bar.series}`}
              {...boxOf(bar)}
              rx="1.5"
              className={`${classes['bar']} tone-${series[bar.series]!.tone}`}
            >
              <title>{said(bar.day)}</title>
            </rect>
          ))}
        </svg>
        <figcaption className={classes['ends']} aria-hidden="true">
          <span>{days[0] === undefined ? '' : nameOf(days[0])}</span>
          <span>{days.length < 2 ? '' : nameOf(days.at(-1)!)}</span>
        </figcaption>
      </figure>
      <Fold title="As a table">
        <Table horizontalSpacing="xs" verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Day (UTC)</Table.Th>
              {series.map(({ name }) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {days.map((day, at) => (
              <Table.Tr key={day}>
                <Table.Th scope="row">{day}</Table.Th>
                {series.map(({ name, values }) => (
                  <Table.Td key={name}>{format(values[at] ?? 0)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Fold>
    </Panel>
  );
}

const boxOf = ({ x, y, width, height }: { x: number; y: number; width: number; height: number }) => ({
  x,
  y,
  width,
  height,
});

function Legend({ series }: { readonly series: readonly TonedSeries[] }) {
  return (
    <ul className={classes['legend']}>
      {series.map(({ name, tone }) => (
        <li key={name} className={`tone-${tone}`}>
          {name}
        </li>
      ))}
    </ul>
  );
}
