import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { refusalText } from '../api/refusal-text.js';
import { Icon } from './icon.js';
import classes from './refusal.module.css';

/** Where something could not be read: what went wrong, and trying again. */
export function Refusal({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { title, hint, code } = refusalText(error);
  return (
    <div className={classes['refusal']} role="alert">
      <span className="tone-bad">
        <Icon name="alert" size={26} />
      </span>
      <Stack gap={2} align="center">
        <Text fw={600}>{title}</Text>
        {hint !== undefined && (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
      </Stack>
      <Group gap="sm" justify="center">
        {onRetry && (
          <Button variant="default" size="xs" onClick={onRetry}>
            Try again
          </Button>
        )}
        {code !== undefined && <Code>{code}</Code>}
      </Group>
    </div>
  );
}

/** Beside a form or button whose command was refused. */
export function Refused({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null;
  const { title, hint } = refusalText(error);
  return (
    <Alert
      variant="default"
      className={`${classes['refused']} tone-bad`}
      role="alert"
      icon={<Icon name="alert" />}
      title={title}
    >
      {hint}
    </Alert>
  );
}
