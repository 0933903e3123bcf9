import { Cron } from 'croner';

/** A schedule as a person writes it. */
export interface ScheduleTerms {
  readonly expression: string;
  readonly timeZone: string;
}

/** @throws Error with the reason when it is no schedule, or one that never comes */
export function scheduleOf({ expression, timeZone }: ScheduleTerms): Schedule {
  return new Schedule(new Cron(expression, { mode: '5-part', timezone: timeZone, paused: true }));
}

/** When a schedule fires: a pure function of time, so that no clock can make it lose or double anything. */
export class Schedule {
  constructor(private readonly cron: Cron) {}

  /** The first firing after a time; undefined when there is none. */
  after(time: Date): Date | undefined {
    return this.cron.nextRun(time) ?? undefined;
  }

  /** The latest firing from one that is due until now: of those that were missed, it stands for all. */
  latest(due: Date, now: Date): Date {
    // Neither end of its interval may be left out: a firing at `now` is due.
    const before = this.cron.previousRuns(2, new Date(now.getTime() + 1_000)).find((run) => run <= now);
    return before && before > due ? before : due;
  }
}
