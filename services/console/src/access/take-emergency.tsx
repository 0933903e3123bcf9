import { auth, breakGlass } from '@conclave/contracts';
import { Button, Modal, NativeSelect, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { Icon } from '../design/icon.js';

const lengths = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: 'half an hour' },
  { value: '60', label: 'an hour' },
  { value: '120', label: 'two hours' },
  { value: '240', label: 'four hours' },
];

/** Takes more than one's role for a while, with a reason that everybody sees. */
export function TakeEmergency() {
  const take = useCommand(breakGlass.openBreakGlass, [breakGlass.listBreakGlass, auth.getMe]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: take.reset });
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('60');
  const submit = (): void => {
    take.mutate({ reason: reason.trim(), minutes: Number(minutes) }, { onSuccess: close });
  };
  return (
    <>
      <Button color="red.8" onClick={open} leftSection={<Icon name="alert" />}>
        Take emergency access
      </Button>
      <Modal opened={opened} onClose={close} title="Take emergency access" size="lg">
        <CommandForm onSubmit={submit} error={take.error} isPending={take.isPending} send="Take it">
          <Text size="sm" c="dimmed">
            This browser may then read everything, stop, steer and answer what runs, and set budgets. Everybody in the
            workspace sees it with your reason, the audit log keeps it, and somebody else says afterwards whether it was
            justified.
          </Text>
          <Textarea
            label="Reason"
            description="What happens, and why your role does not do. At least ten characters."
            required
            minLength={10}
            maxLength={1_000}
            autosize
            minRows={2}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value.replaceAll(/\r?\n/g, ' '))}
          />
          <NativeSelect
            label="For"
            description="It ends by itself, and with this sign-in."
            data={lengths}
            value={minutes}
            onChange={(event) => setMinutes(event.currentTarget.value)}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
