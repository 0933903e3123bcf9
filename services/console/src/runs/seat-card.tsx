import { Text } from '@mantine/core';
import { Icon } from '../design/icon.js';
import { Tag } from '../design/tag.js';
import { voteLook, type Look } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import type { Seat } from './run-story.js';
import classes from './seat-card.module.css';

const atWork: Look = { tone: 'info', icon: 'activity', word: 'Judging' };
const silent: Look = { tone: 'plain', icon: 'dash', word: 'Had not judged' };

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** One seat of the panel: who, what it said, why, and how much it found. */
export function SeatCard({ seat: { seat, judgement }, over }: { readonly seat: Seat; readonly over: boolean }) {
  const look = judgement ? voteLook(judgement.vote) : over ? silent : atWork;
  return (
    <li className={classes['seat']} data-vote={judgement?.vote} data-waiting={!judgement || undefined}>
      <div className={classes['head']}>
        <span className={classes['name']}>
          <Icon name={judgement?.kind === 'gate' ? 'gate' : 'decision'} size={14} />
          <Visible text={seat} />
        </span>
        <Tag look={look} live={!judgement && !over} />
      </div>
      {judgement && (
        <>
          <Text size="sm" className={classes['reason'] ?? ''} lineClamp={4}>
            <VisibleProse text={judgement.reason} />
          </Text>
          <div className={classes['foot']}>
            <span>{judgement.kind === 'gate' ? 'Gate: hard evidence' : 'Juror'}</span>
            {judgement.errors > 0 && <span className="tone-bad">{count(judgement.errors, 'error')}</span>}
            {judgement.warnings > 0 && <span className="tone-warn">{count(judgement.warnings, 'warning')}</span>}
          </div>
        </>
      )}
    </li>
  );
}
