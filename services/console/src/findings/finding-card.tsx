import { Icon } from '../design/icon.js';
import { severityLooks } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import type { NumberedFinding } from './file-views.js';
import classes from './finding-card.module.css';

/** A finding, at its place on the diff. Links to findings lead here. */
export function FindingCard({ finding }: { readonly finding: NumberedFinding }) {
  const { number, severity, rule, juror, line, message } = finding;
  const look = severityLooks[severity];
  return (
    <article
      id={`finding-${number}`}
      tabIndex={-1}
      className={`${classes['finding']} tone-${look.tone}`}
      aria-label={`${look.word} by ${juror}, line ${line}`}
    >
      <p className={classes['message']}>
        <Icon name={look.icon} size={15} weight={2} />
        <span>
          <VisibleProse text={message} />
        </span>
      </p>
      <p className={classes['source']}>
        <span className={classes['severity']}>{look.word}</span>
        <code>
          <Visible text={rule} />
        </code>
        <span>
          <Visible text={juror} />
        </span>
        <span>line {line}</span>
      </p>
    </article>
  );
}
