import { connections } from '@conclave/contracts';
import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useCommand } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { useMe } from '../sign-in/use-me.js';
import { Addresses, type Connection } from './addresses-of.js';
import { ProviderForm } from './provider-form.js';
import { changeOf, requestOf } from './provider-settings.js';

/** Connects a provider: its settings, a try of them, and then what it has to be told of us. */
export function ConnectProvider() {
  const create = useCommand(connections.createConnection, [connections.listConnections]);
  const workspace = useMe().data?.workspace.id ?? '';
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Connect a provider
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'Tell the provider' : 'Connect a provider'} size="lg">
        {create.data ? (
          <Stack gap="md">
            <Addresses urls={create.data.urls} />
            <Group justify="flex-end">
              <Button onClick={close}>Done</Button>
            </Group>
          </Stack>
        ) : (
          <ProviderForm
            onSubmit={(fields) => create.mutate(requestOf(fields, workspace))}
            isPending={create.isPending}
            error={create.error}
          />
        )}
      </Modal>
    </>
  );
}

/** Changes what is said of a provider; what it has to be told stays the same. */
export function EditProvider({ connection }: { readonly connection: Connection }) {
  const change = useCommand(connections.changeConnection, [connections.listConnections]);
  const workspace = useMe().data?.workspace.id ?? '';
  const [opened, { open, close }] = useDisclosure(false, { onOpen: change.reset });
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Edit ${connection.name}`}>
        Edit
      </Button>
      <Modal opened={opened} onClose={close} title={`Edit ${connection.name}`} size="lg">
        <ProviderForm
          before={connection}
          onSubmit={(fields) => change.mutate(changeOf(fields, connection, workspace), { onSuccess: close })}
          isPending={change.isPending}
          error={change.error}
        />
      </Modal>
    </>
  );
}
