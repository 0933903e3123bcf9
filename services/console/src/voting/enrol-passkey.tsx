import { consensus } from '@conclave/contracts';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type SyntheticEvent } from 'react';
import { send, useWork } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Refused } from '../design/refusal.js';
import { useMe } from '../sign-in/use-me.js';
import { makePasskey, type VoterKey } from './passkeys.js';

/** Makes a passkey on this device and enrols it as a voter key. */
export function EnrolPasskey({ known }: { readonly known: readonly VoterKey[] }) {
  const person = useMe().data?.principal.name ?? '';
  const [name, setName] = useState('');
  const enrol = useWork(
    async (label: string) =>
      send(consensus.enrolPasskey, { name: label, registration: await makePasskey(person, standing(known)) }),
    [consensus.listVoterKeys],
  );
  const [opened, { open, close }] = useDisclosure(false, { onOpen: enrol.reset });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    enrol.mutate(name, { onSuccess: close });
  };
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Enrol a passkey
      </Button>
      <Modal opened={opened} onClose={close} title="Enrol a passkey">
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Name"
              description="Which device it is on. Receipts do not show it."
              placeholder="laptop"
              required
              maxLength={120}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Text size="sm" c="dimmed">
              The browser asks you to confirm with your fingerprint, your face or a PIN. The private key stays on your
              device, or with whoever keeps your passkeys.
            </Text>
            <Refused error={enrol.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={enrol.isPending}>
                Make the passkey
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

const standing = (keys: readonly VoterKey[]): VoterKey[] => keys.filter(({ revokedAt }) => revokedAt === undefined);
