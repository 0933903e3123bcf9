import type { ReactNode } from 'react';
import { Icon } from '../design/icon.js';
import { outcomeLook, type Look } from '../design/tones.js';
import { VisibleProse } from '../design/visible.js';
import { reasonText } from './decision-words.js';
import classes from './outcome-banner.module.css';

interface OutcomeBannerProps {
  /** An outcome's status, or `failed`. */
  readonly status: string;
  readonly reason: string;
  /** The stable code of a failure. */
  readonly code?: string;
  /** Where neither says it. */
  readonly look?: Look;
  readonly children?: ReactNode;
}

const failed: Look = { tone: 'bad', icon: 'alert', word: 'Could not be judged' };

/** The outcome, first thing on the page. */
export function OutcomeBanner({ status, reason, code, children, ...shown }: OutcomeBannerProps) {
  const look = shown.look ?? (status === 'failed' ? failed : outcomeLook(status));
  return (
    <div className={`${classes['banner']} tone-${look.tone}`} role="status">
      <span className={classes['mark']}>
        <Icon name={look.icon} size={22} weight={2.4} />
      </span>
      <div className={classes['words']}>
        <p className={classes['word']}>{look.word}</p>
        <p className={classes['reason']}>
          <VisibleProse text={reasonText(reason)} /> {code !== undefined && <code>{code}</code>}
        </p>
      </div>
      {children}
    </div>
  );
}
