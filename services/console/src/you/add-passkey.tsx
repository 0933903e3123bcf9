import { passkeys } from '@conclave/contracts';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type SyntheticEvent } from 'react';
import { send, useWork } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Refused } from '../design/refusal.js';
import { makePasskey } from '../sign-in/passkeys.js';

/** Makes a passkey on this device, or one that is at hand. */
export function AddPasskey() {
  const [name, setName] = useState('');
  const add = useWork(
    async (label: string) => {
      const { options } = await send(passkeys.challengePasskey, {});
      return send(passkeys.addPasskey, { name: label, registration: await makePasskey(options) });
    },
    [passkeys.listPasskeys],
  );
  const [opened, { open, close }] = useDisclosure(false, { onOpen: add.reset });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    add.mutate(name, { onSuccess: close });
  };
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Add a passkey
      </Button>
      <Modal opened={opened} onClose={close} title="Add a passkey">
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Name"
              description="Which device it is on."
              placeholder="laptop"
              required
              maxLength={120}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Text size="sm" c="dimmed">
              With it you sign in without a key, in every workspace you belong to.
            </Text>
            <Refused error={add.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={add.isPending}>
                Make the passkey
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
