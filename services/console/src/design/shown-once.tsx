import { Alert, Stack, Text } from '@mantine/core';
import { Copy } from './copy.js';
import { Icon } from './icon.js';
import classes from './copy.module.css';

/** A secret at the only moment it can be read. */
export function ShownOnce({ secret, what }: { readonly secret: string; readonly what: string }) {
  return (
    <Stack gap="xs">
      <Alert variant="default" icon={<Icon name="info" />} title={`Copy the ${what} now`}>
        <Text size="sm">It is shown this once. Conclave keeps no copy that could be read again.</Text>
      </Alert>
      <div className={classes['line']}>
        <code className={classes['secret']}>{secret}</code>
        <Copy value={secret} what={what} />
      </div>
    </Stack>
  );
}
