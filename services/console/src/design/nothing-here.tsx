import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.js';
import classes from './nothing-here.module.css';

interface NothingHereProps {
  readonly icon: IconName;
  readonly title: string;
  /** What would fill the place. */
  readonly children?: ReactNode;
}

/** An empty list, and how it gets its first entry. */
export function NothingHere({ icon, title, children }: NothingHereProps) {
  return (
    <div className={classes['nothing']}>
      <span className={classes['mark']}>
        <Icon name={icon} size={22} />
      </span>
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text component="div" size="sm" c="dimmed" className={classes['how']}>
          {children}
        </Text>
      )}
    </div>
  );
}
