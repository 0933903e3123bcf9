import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Brand } from '../shell/brand.js';
import classes from './door.module.css';

/** The frame of what is shown to people who are not in yet. */
export function Door({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <main className={classes['place']}>
      <title>{`${title} · Conclave`}</title>
      <div className={classes['card']}>
        <Stack gap="lg">
          <Stack gap="md">
            <Brand size={36} />
            <div>
              <Title order={1}>{title}</Title>
              <Text component="div" c="dimmed" size="sm" style={{ textWrap: 'balance' }}>
                {note}
              </Text>
            </div>
          </Stack>
          {children}
        </Stack>
      </div>
    </main>
  );
}
