/** Geometry of a stacked bar chart: counts become rectangles in a box of the given size. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Bar {
  readonly series: number;
  readonly day: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Stacks {
  readonly bars: readonly Bar[];
  /** The value at the top edge: a round number not below the highest stack. */
  readonly top: number;
}

/** Lays out one stack per day, first series at the bottom. Everything is zero when there is nothing to show. */
export function stack(series: readonly Series[], width: number, height: number): Stacks {
  const days = series[0]?.values.length ?? 0;
  const totals = Array.from({ length: days }, (_, day) =>
    series.reduce((sum, { values }) => sum + (values[day] ?? 0), 0),
  );
  const top = roundUp(Math.max(0, ...totals));
  const slot = width / Math.max(1, days);
  const bars = totals.flatMap((_, day) => {
    let y = height;
    return series.flatMap(({ values }, at): Bar[] => {
      const value = values[day] ?? 0;
      if (value <= 0) return [];
      const tall = (value / top) * height;
      y -= tall;
      return [{ series: at, day, x: day * slot + slot * 0.14, y, width: slot * 0.72, height: tall }];
    });
  });
  return { bars, top };
}

/** The next of 1, 2, 4, 5 or 10 times a power of ten; never below 4, so that small counts do not look like peaks. */
export function roundUp(value: number): number {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}
