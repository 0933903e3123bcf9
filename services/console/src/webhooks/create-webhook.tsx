import { delivery, type RequestInputOf } from '@conclave/contracts';
import { Button, Checkbox, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { ShownOnce } from '../design/shown-once.js';
import { CommandForm } from '../design/command-form.js';

type Events = RequestInputOf<typeof delivery.createWebhook>['events'];

/** Creates a webhook and shows its secret, once. */
export function CreateWebhook() {
  const create = useCommand(delivery.createWebhook, [delivery.listWebhooks]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        New webhook
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'The webhook is there' : 'New webhook'} size="lg">
        {create.data ? (
          <ShownOnce secret={create.data.secret} what="signing secret" onDone={close}>
            <Text size="sm" c="dimmed">
              Check <code>webhook-signature</code> with it before you believe a message.
            </Text>
          </ShownOnce>
        ) : (
          <Terms onSubmit={create.mutate} isPending={create.isPending} error={create.error} />
        )}
      </Modal>
    </>
  );
}

interface TermsProps {
  readonly onSubmit: (request: RequestInputOf<typeof delivery.createWebhook>) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

function Terms({ onSubmit, isPending, error }: TermsProps) {
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<string[]>([delivery.webhookEventTypes[0]]);
  const submit = (): void => {
    onSubmit({ url, events: events as Events });
  };
  return (
    <CommandForm onSubmit={submit} error={error} isPending={isPending} send="Create" disabled={events.length === 0}>
      <TextInput
        label="Address"
        description="Messages are sent here with POST."
        placeholder="https://ci.example.com/hooks/conclave"
        type="url"
        required
        data-autofocus
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Checkbox.Group label="Events" required value={events} onChange={setEvents}>
        <Stack gap="xs" mt="xs">
          {delivery.webhookEventTypes.map((type) => (
            <Checkbox key={type} value={type} label={<code>{type}</code>} />
          ))}
        </Stack>
      </Checkbox.Group>
    </CommandForm>
  );
}
