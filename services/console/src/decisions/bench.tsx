import type { Decision } from '@conclave/contracts';
import { Tooltip } from '@mantine/core';
import { Disc } from '../design/tag.js';
import { voteLook } from '../design/tones.js';
import { objectionsFirst } from './decision-words.js';
import classes from './bench.module.css';

/** The panel at a glance: gates, then jurors, each in the colour of what it said. */
export function Bench({ decision: { evidence, ballots } }: { readonly decision: Decision }) {
  const seats = [
    ...evidence.map(({ gate, status }) => ({ id: `gate ${gate}`, name: gate, said: status })),
    ...objectionsFirst(ballots).map(({ voterId, name, vote, status }) => ({ id: voterId, name, said: vote ?? status })),
  ];
  const count = (vote: string): number => ballots.filter((ballot) => ballot.vote === vote).length;
  return (
    <div className={classes['bench']}>
      <ul className={classes['seats']} aria-hidden="true">
        {seats.map(({ id, name, said }) => (
          <Tooltip key={id} label={`${name}: ${voteLook(said).word}`}>
            <li>
              <Disc look={voteLook(said)} size={20} />
            </li>
          </Tooltip>
        ))}
      </ul>
      <p className={classes['counts']}>
        {count('yes')} for · {count('no')} against · {count('abstain')} abstained
      </p>
    </div>
  );
}
