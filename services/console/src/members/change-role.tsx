import { auth, type ReplyOf } from '@conclave/contracts';
import { Button, Modal, NativeSelect } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { useRoles } from '../roles/use-roles.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

/** Gives a member another role. */
export function ChangeRole({ member: { principal, role } }: { readonly member: Member }) {
  const change = useCommand(auth.changeMember, [auth.listMembers]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: change.reset });
  const [next, setNext] = useState(role);
  const submit = (): void => {
    change.mutate({ id: principal.id, role: next }, { onSuccess: close });
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Change the role of ${principal.name}`}>
        Role…
      </Button>
      <Modal opened={opened} onClose={close} title={`The role of ${principal.name}`}>
        <CommandForm onSubmit={submit} error={change.error} isPending={change.isPending} send="Change">
          <RoleSelect value={next} onChange={setNext} />
        </CommandForm>
      </Modal>
    </>
  );
}

/** Chooses a role. */
export function RoleSelect({ value, onChange }: { readonly value: string; readonly onChange: (role: string) => void }) {
  const names = useRoles().map(({ name }) => name);
  return (
    <NativeSelect
      label="Role"
      description="What they may do in this workspace."
      data={names.includes(value) ? names : [value, ...names]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
