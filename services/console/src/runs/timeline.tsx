import type { RunEvent } from '@conclave/contracts';
import { duration, exactly } from '../design/time.js';
import { Ago } from '../design/moment.js';
import { sentenceOf } from './run-story.js';
import classes from './timeline.module.css';

/** A run's events in order, with the time since the first. */
export function Timeline({ events }: { readonly events: readonly RunEvent[] }) {
  const start = Date.parse(events[0]?.at ?? '');
  return (
    <ol className={classes['timeline']}>
      {events.map((event, at) => (
        <li key={event.seq} data-type={event.type}>
          <span>{sentenceOf(event)}</span>
          {at === 0 ? (
            <Ago at={event.at} />
          ) : (
            <time dateTime={event.at} title={exactly(Date.parse(event.at))}>
              +{duration(Date.parse(event.at) - start)}
            </time>
          )}
        </li>
      ))}
    </ol>
  );
}
