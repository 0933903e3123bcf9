import { auth, permissions, roles, type Permission, type RequestInputOf, type Role } from '@conclave/contracts';
import { Button, Checkbox, Group, Modal, NativeSelect, SimpleGrid, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { ShownOnce } from '../design/shown-once.js';
import { useMay } from '../sign-in/use-me.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';

const DAY_MS = 86_400_000;
const lifetimes = [
  { value: '90', label: '90 days' },
  { value: '30', label: '30 days' },
  { value: '365', label: 'A year' },
  { value: '', label: 'No expiry' },
];

/** Creates a key and shows it, once. */
export function CreateApiKey() {
  const create = useCommand(auth.createApiKey, [auth.listApiKeys]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        New key
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'The key is there' : 'New API key'} size="lg">
        {create.data ? (
          <Stack gap="md">
            <ShownOnce secret={create.data.key} what="API key" />
            <Group justify="flex-end">
              <Button onClick={close}>I have copied it</Button>
            </Group>
          </Stack>
        ) : (
          <Terms onSubmit={create.mutate} isPending={create.isPending} error={create.error} />
        )}
      </Modal>
    </>
  );
}

interface TermsProps {
  readonly onSubmit: (request: RequestInputOf<typeof auth.createApiKey>) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

function Terms({ onSubmit, isPending, error }: TermsProps) {
  const may = useMay();
  const grantable = permissions.filter(may);
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [scopes, setScopes] = useState<string[]>(roles.developer.filter(may));
  const submit = (): void => {
    const expiry = days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() };
    onSubmit({ name, scopes: scopes as Permission[], ...expiry });
  };
  return (
    <CommandForm onSubmit={submit} error={error} isPending={isPending} send="Create" disabled={scopes.length === 0}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NameField description="Who or what uses it." placeholder="ci" value={name} onName={setName} />
        <NativeSelect
          label="Lifetime"
          description="It is refused afterwards."
          data={lifetimes}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
      </SimpleGrid>
      <Checkbox.Group label="Permissions" required value={scopes} onChange={setScopes}>
        <Group gap={6} mt={6} mb="xs">
          {(Object.keys(roles) as Role[]).map((role) => (
            <Button key={role} size="compact-xs" variant="default" onClick={() => setScopes(roles[role].filter(may))}>
              as {role}
            </Button>
          ))}
        </Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" verticalSpacing={6}>
          {grantable.map((permission) => (
            <Checkbox key={permission} size="xs" value={permission} label={<code>{permission}</code>} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </CommandForm>
  );
}
