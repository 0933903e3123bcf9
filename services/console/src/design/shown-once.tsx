import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Copy } from './copy.js';
import { Icon } from './icon.js';
import classes from './copy.module.css';

interface ShownOnceProps {
  readonly secret: string;
  readonly what: string;
  readonly onDone: () => void;
  /** What else there is to know of it. */
  readonly children?: ReactNode;
}

/** A secret at the only moment it can be read. */
export function ShownOnce({ secret, what, onDone, children }: ShownOnceProps) {
  return (
    <Stack gap="md">
      <Stack gap="xs">
        <Alert variant="default" icon={<Icon name="info" />} title={`Copy the ${what} now`}>
          <Text size="sm">It is shown this once. Conclave keeps no copy that could be read again.</Text>
        </Alert>
        <div className={classes['line']}>
          <code className={classes['secret']}>{secret}</code>
          <Copy value={secret} what={what} />
        </div>
      </Stack>
      {children}
      <Group justify="flex-end">
        <Button onClick={onDone}>I have copied it</Button>
      </Group>
    </Stack>
  );
}
