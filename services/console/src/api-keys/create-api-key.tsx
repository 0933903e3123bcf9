import { auth, permissions, type Permission } from '@conclave/contracts';
import { Button, Modal, NativeSelect, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { send, useWork } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { Icon } from '../design/icon.js';
import { NameField } from '../design/name-field.js';
import { ShownOnce } from '../design/shown-once.js';
import { PickPermissions } from '../roles/permission-words.js';
import { useRoles } from '../roles/use-roles.js';
import { useMay } from '../sign-in/use-me.js';
import { HolderFields, type Holder } from './holder-fields.js';

const DAY_MS = 86_400_000;
const ON_A_DAY = 'day';
const lifetimes = [
  { value: '90', label: '90 days' },
  { value: '30', label: '30 days' },
  { value: '365', label: 'A year' },
  { value: ON_A_DAY, label: 'Until a day…' },
  { value: '', label: 'No expiry' },
];

interface Terms {
  readonly name: string;
  readonly holder: Holder;
  readonly scopes: readonly Permission[];
  readonly expiresAt?: string;
  readonly networks: readonly string[];
}

/** Creates a key and shows it, once. */
export function CreateApiKey() {
  const [holder, setHolder] = useState<Holder>({ kind: 'self' });
  const create = useWork(
    async ({ holder: whose, networks, scopes, ...terms }: Terms) => {
      const principal = await principalOf(whose, setHolder);
      return send(auth.createApiKey, {
        ...{ ...terms, ...principal, scopes: [...scopes] },
        ...(networks.length === 0 ? {} : { allowedAddresses: [...networks] }),
      });
    },
    [auth.listApiKeys, auth.listMembers],
  );
  const start = (): void => {
    create.reset();
    setHolder({ kind: 'self' });
  };
  const [opened, { open, close }] = useDisclosure(false, { onOpen: start });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        New key
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'The key is there' : 'New API key'} size="xl">
        {create.data ? (
          <ShownOnce secret={create.data.key} what="API key" onDone={close} />
        ) : (
          <TermsForm
            holder={holder}
            onHolder={setHolder}
            onSubmit={create.mutate}
            isPending={create.isPending}
            error={create.error}
          />
        )}
      </Modal>
    </>
  );
}

/** Whose key it will be. Whoever was made along stays, even when its key is refused: the next try takes it. */
async function principalOf(holder: Holder, onMade: (made: Holder) => void): Promise<{ principal?: string }> {
  if (holder.kind === 'self') return {};
  if (holder.kind === 'member') return { principal: holder.id };
  const { principal, role } = await send(auth.addMember, {
    ...{ name: holder.name, role: holder.role, kind: holder.of },
  });
  onMade({ kind: 'member', id: principal.id, name: principal.name, role });
  return { principal: principal.id };
}

interface TermsFormProps {
  readonly holder: Holder;
  readonly onHolder: (holder: Holder) => void;
  readonly onSubmit: (terms: Terms) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

function TermsForm({ holder, onHolder, onSubmit, isPending, error }: TermsFormProps) {
  const grantable = useGrantable(holder);
  const roles = useRoles();
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [day, setDay] = useState(() => dayIn(90));
  const [networks, setNetworks] = useState('');
  const [chosen, setChosen] = useState<readonly Permission[]>(
    () => roles.find((role) => role.name === 'developer')?.permissions ?? [],
  );
  const scopes = chosen.filter((permission) => grantable.includes(permission));
  const submit = (): void => {
    const expiresAt = expiryOf(days, day);
    onSubmit({
      ...{ name, holder, scopes, networks: networks.split(/[\s,]+/).filter(Boolean) },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
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
        {days === ON_A_DAY && (
          <TextInput
            label="Last day"
            description="At most ten years from now."
            type="date"
            required
            min={dayIn(0)}
            value={day}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
        )}
      </SimpleGrid>
      <HolderFields value={holder} onChange={onHolder} />
      <Textarea
        label="Networks"
        description="The addresses and networks it is good from, one a line. Leave it empty for anywhere."
        placeholder="10.1.0.0/16"
        autosize
        spellCheck={false}
        value={networks}
        onChange={(event) => setNetworks(event.currentTarget.value)}
      />
      <PickPermissions from={grantable} value={scopes} onChange={setChosen} />
    </CommandForm>
  );
}

const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

function expiryOf(days: string, day: string): string | undefined {
  if (days === '') return undefined;
  // The whole of the day that was chosen, where the reader is.
  return (days === ON_A_DAY ? new Date(`${day}T23:59:59`) : new Date(Date.now() + Number(days) * DAY_MS)).toISOString();
}

/** What a key of theirs could be good for: nobody gives more than they hold, and nothing beyond the holder's role works. */
function useGrantable(holder: Holder): readonly Permission[] {
  const may = useMay();
  const roles = useRoles();
  const ofRole = holder.kind === 'self' ? undefined : roles.find(({ name }) => name === holder.role)?.permissions;
  return permissions.filter((permission) => may(permission) && (ofRole?.includes(permission) ?? true));
}
