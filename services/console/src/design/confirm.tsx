import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Refused } from './refusal.js';

interface ConfirmProps<Reply, Request> {
  /** What the dialog asks. */
  readonly question: string;
  /** What follows from a yes. */
  readonly children: ReactNode;
  /** The word on the button that does it. */
  readonly yes: string;
  readonly command: UseMutationResult<Reply, Error, Request>;
  readonly request: Request;
  /** What is chosen with a yes; anew each time. */
  readonly choice?: { readonly shown: ReactNode; reset(): void };
  /** What happens after the dialog has closed on a success. */
  readonly onDone?: () => void;
  /** What opens the dialog. */
  readonly opener: (open: () => void) => ReactNode;
}

/** Asks before something that cannot be taken back. */
export function Confirm<Reply, Request>(props: ConfirmProps<Reply, Request>) {
  const { question, children, yes, command, request, choice, onDone, opener } = props;
  const [opened, { open, close }] = useDisclosure(false, {
    onOpen: () => {
      command.reset();
      choice?.reset();
    },
  });
  const confirm = (): void => {
    command.mutate(request, {
      onSuccess: () => {
        close();
        onDone?.();
      },
    });
  };
  return (
    <>
      {opener(open)}
      <Modal opened={opened} onClose={close} title={question}>
        <Stack gap="md">
          <Text component="div" size="sm" c="dimmed">
            {children}
          </Text>
          {choice?.shown}
          <Refused error={command.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close} data-autofocus>
              Leave it
            </Button>
            <Button color="red.8" loading={command.isPending} onClick={confirm}>
              {yes}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
