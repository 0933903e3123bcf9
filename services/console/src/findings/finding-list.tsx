import { Icon } from '../design/icon.js';
import { severityLooks } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import { Link } from '../routing/router.js';
import type { NumberedFinding } from './file-views.js';
import classes from './finding-list.module.css';

interface FindingListProps {
  readonly findings: readonly NumberedFinding[];
  /** Where the finding of a number is shown in full. */
  readonly hrefOf: (number: number) => string;
}

/** All findings by file, each a way to its place on the diff. */
export function FindingList({ findings, hrefOf }: FindingListProps) {
  const byPath = [...Map.groupBy(findings, ({ path }) => path)];
  return (
    <ul className={classes['files']}>
      {byPath.map(([path, found]) => (
        <li key={path}>
          <p className={classes['path']}>
            <Visible text={path} />
          </p>
          <ul className={classes['found']}>
            {found.map((finding) => (
              <li key={finding.number}>
                <Entry finding={finding} href={hrefOf(finding.number)} />
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Entry({
  finding: { severity, message, line, juror, number },
  href,
}: {
  readonly finding: NumberedFinding;
  readonly href: string;
}) {
  const look = severityLooks[severity];
  const body = (
    <>
      <span className={`tone-${look.tone}`}>
        <Icon name={look.icon} size={14} weight={2} />
      </span>
      <span className={classes['message']}>
        <VisibleProse text={message} />
        <small>
          {look.word} · line {line} · <Visible text={juror} />
        </small>
      </span>
    </>
  );
  if (href.startsWith('#'))
    return (
      <a href={href} className={classes['entry']} onClick={() => showFinding(number)}>
        {body}
      </a>
    );
  return (
    <Link to={href} className={classes['entry']}>
      {body}
    </Link>
  );
}

/** Brings a finding into view and gives it the focus. */
export function showFinding(number: number): void {
  const card = document.getElementById(`finding-${number}`);
  card?.closest('details')?.setAttribute('open', '');
  card?.scrollIntoView({ block: 'center' });
  card?.focus({ preventScroll: true });
}
