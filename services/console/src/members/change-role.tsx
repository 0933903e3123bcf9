import { auth, roles, type ReplyOf, type Role } from '@conclave/contracts';
import { Button, Group, Modal, NativeSelect, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type SyntheticEvent } from 'react';
import { useCommand } from '../api/queries.js';
import { Refused } from '../design/refusal.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

/** Gives a member another role. */
export function ChangeRole({ member: { principal, role } }: { readonly member: Member }) {
  const change = useCommand(auth.changeMember, [auth.listMembers]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: change.reset });
  const [next, setNext] = useState<Role>(role);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    change.mutate({ id: principal.id, role: next }, { onSuccess: close });
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Change the role of ${principal.name}`}>
        Role…
      </Button>
      <Modal opened={opened} onClose={close} title={`The role of ${principal.name}`}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <RoleSelect value={next} onChange={setNext} />
            <Refused error={change.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={change.isPending}>
                Change
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

/** Chooses a role. */
export function RoleSelect({ value, onChange }: { readonly value: Role; readonly onChange: (role: Role) => void }) {
  return (
    <NativeSelect
      label="Role"
      description="What they may do in this workspace."
      data={Object.keys(roles)}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as Role)}
    />
  );
}
