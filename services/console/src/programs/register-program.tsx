import { oauth, type RequestInputOf } from '@conclave/contracts';
import { Button, Modal, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { ShownOnce } from '../design/shown-once.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';

type Request = RequestInputOf<typeof oauth.createOauthClient>;

/** Registers a program, and shows its secret, once. */
export function RegisterProgram() {
  const create = useCommand(oauth.createOauthClient, [oauth.listOauthClients]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  const secret = create.data?.secret;
  const submit = (request: Request): void =>
    create.mutate(request, { onSuccess: (made) => made.secret === undefined && close() });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Register a program
      </Button>
      <Modal opened={opened} onClose={close} title={secret ? 'The program is registered' : 'Register a program'}>
        {secret === undefined ? (
          <Terms onSubmit={submit} isPending={create.isPending} error={create.error} />
        ) : (
          <ShownOnce secret={secret} what="client secret" onDone={close} />
        )}
      </Modal>
    </>
  );
}

interface TermsProps {
  readonly onSubmit: (request: Request) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

function Terms({ onSubmit, isPending, error }: TermsProps) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Request['kind']>('public');
  const [uris, setUris] = useState('');
  const submit = (): void => {
    onSubmit({ name, kind, redirectUris: uris.split(/\s+/).filter((uri) => uri !== '') });
  };
  return (
    <CommandForm onSubmit={submit} error={error} isPending={isPending} send="Register">
      <NameField description="Shown to people whom it asks." value={name} onName={setName} />
      <Stack gap={4}>
        <SegmentedControl
          aria-label="Kind"
          data={[
            { value: 'public', label: 'On people’s machines' },
            { value: 'confidential', label: 'On a server' },
          ]}
          value={kind}
          onChange={(value) => setKind(value)}
        />
        <Text size="xs" c="dimmed">
          {kind === 'public' ? 'It can keep no secret and gets none.' : 'It gets a secret to prove itself with.'}
        </Text>
      </Stack>
      <Textarea
        label="Addresses it leads back to"
        description="One a line, exact: https, or http at 127.0.0.1 on any port."
        placeholder="https://app.example.com/callback"
        required
        autosize
        minRows={2}
        spellCheck={false}
        value={uris}
        onChange={(event) => setUris(event.currentTarget.value)}
      />
    </CommandForm>
  );
}
