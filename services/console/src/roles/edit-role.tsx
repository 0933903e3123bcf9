import { tenantRoles, workspacePermissions, type Permission } from '@conclave/contracts';
import { Button, Modal, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { Icon } from '../design/icon.js';
import { useMay } from '../sign-in/use-me.js';
import { PickPermissions } from './permission-words.js';
import type { TenantRole } from './use-roles.js';

/** Makes a role of the tenant's own. */
export function CreateRole() {
  const create = useCommand(tenantRoles.createRole, [tenantRoles.listRoles]);
  const [name, setName] = useState('');
  return (
    <RoleForm
      title="New role"
      send="Create"
      permissions={[]}
      command={create}
      onSubmit={(permissions, done) => create.mutate({ name: name.trim(), permissions }, { onSuccess: done })}
      opener={(open) => (
        <Button
          leftSection={<Icon name="plus" />}
          onClick={() => {
            setName('');
            open();
          }}
        >
          New role
        </Button>
      )}
    >
      <TextInput
        label="Name"
        description="Small letters, digits and hyphens."
        placeholder="release-manager"
        required
        maxLength={60}
        pattern="[a-z][a-z0-9]*(-[a-z0-9]+)*"
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </RoleForm>
  );
}

/** Says anew what a role permits. */
export function ChangeRolePermissions({ name, permissions }: TenantRole) {
  const change = useCommand(tenantRoles.changeRole, [tenantRoles.listRoles]);
  return (
    <RoleForm
      title={`What ${name} permits`}
      send="Change"
      permissions={permissions}
      command={change}
      onSubmit={(next, done) => change.mutate({ name, permissions: next }, { onSuccess: done })}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Change ${name}`}>
          Change…
        </Button>
      )}
    />
  );
}

type Granted = (typeof workspacePermissions)[number];

interface RoleFormProps {
  readonly title: string;
  readonly send: string;
  readonly permissions: readonly Permission[];
  readonly command: { readonly error: unknown; readonly isPending: boolean; readonly reset: () => void };
  readonly onSubmit: (permissions: Granted[], done: () => void) => void;
  readonly opener: (open: () => void) => ReactNode;
  readonly children?: ReactNode;
}

function RoleForm({ title, send, permissions, command, onSubmit, opener, children }: RoleFormProps) {
  const may = useMay();
  const [picked, setPicked] = useState<Permission[]>([]);
  const start = (): void => {
    command.reset();
    setPicked([...permissions]);
  };
  const [opened, { open, close }] = useDisclosure(false, { onOpen: start });
  return (
    <>
      {opener(open)}
      <Modal opened={opened} onClose={close} title={title} size="xl">
        <CommandForm
          onSubmit={() => onSubmit(picked, close)}
          error={command.error}
          isPending={command.isPending}
          send={send}
          disabled={picked.length === 0}
        >
          {children}
          <PickPermissions from={workspacePermissions.filter(may)} value={picked} onChange={setPicked} />
        </CommandForm>
      </Modal>
    </>
  );
}
