import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './command-form.module.css';
import { Refused } from './refusal.js';

interface CommandFormProps {
  readonly onSubmit: () => void;
  /** Why the command was refused, if it was. */
  readonly error: unknown;
  readonly isPending: boolean;
  /** The word on the button that sends it. */
  readonly send: string;
  readonly disabled?: boolean;
  /** Other buttons, in front of that one. */
  readonly beside?: ReactNode;
  readonly children: ReactNode;
}

/** Fields of one command, what became of it, and the button that sends it. */
export function CommandForm({
  onSubmit,
  error,
  isPending,
  send,
  disabled = false,
  beside,
  children,
}: CommandFormProps) {
  return (
    <form
      className={classes['form']}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Stack gap="md">
        {children}
        <Refused error={error} />
        <Group justify="flex-end" gap="xs">
          {beside}
          <Button type="submit" loading={isPending} disabled={disabled}>
            {send}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
