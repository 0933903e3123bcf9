import { Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import classes from './panel.module.css';

interface PanelProps {
  readonly title?: ReactNode;
  /** One line below the title. */
  readonly note?: ReactNode;
  /** Stands at the end of the title line. */
  readonly aside?: ReactNode;
  /** The content brings its own distance to the edge, as tables do. */
  readonly flush?: boolean;
  readonly children?: ReactNode;
}

/** A region of a page on its own surface, named by its title. */
export function Panel({ title, note, aside, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes['panel']} {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {title !== undefined && (
        <header className={classes['header']}>
          <div>
            <Title order={2} fz="md" id={id}>
              {title}
            </Title>
            {note !== undefined && (
              <Text component="div" size="xs" c="dimmed">
                {note}
              </Text>
            )}
          </div>
          {aside}
        </header>
      )}
      {children !== undefined && <div className={flush ? classes['flush'] : classes['body']}>{children}</div>}
    </section>
  );
}

/** Facts as pairs of name and value. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={classes['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
