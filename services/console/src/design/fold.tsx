import type { ReactNode } from 'react';
import classes from './fold.module.css';
import { Icon } from './icon.js';

interface FoldProps {
  readonly title: ReactNode;
  readonly onToggle?: (open: boolean) => void;
  readonly children: ReactNode;
}

/** What most readers do not need, one press away. */
export function Fold({ title, onToggle, children }: FoldProps) {
  return (
    <details className={classes['fold']} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary>
        <Icon name="chevron" size={11} weight={2.2} />
        {title}
      </summary>
      {children}
    </details>
  );
}
