import { auth, scim, type ReplyOf } from '@conclave/contracts';
import { Button, Modal, NativeSelect, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand, usePages } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { Copy } from '../design/copy.js';
import copied from '../design/copy.module.css';
import { ListOf } from '../design/list-of.js';
import { NameField } from '../design/name-field.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import { Panel } from '../design/panel.js';
import rows from '../design/rows.module.css';
import { ShownOnce } from '../design/shown-once.js';
import { Visible } from '../design/visible.js';
import { useRoles } from '../roles/use-roles.js';
import { useMay } from '../sign-in/use-me.js';

type DirectoryGroup = ReplyOf<typeof scim.setGroupRole>;

/** How a directory brings people and groups, and what members of its groups are here. */
export function GroupsPage() {
  const may = useMay();
  const manages = may('member:manage');
  const list = usePages(scim.listGroups, {});
  return (
    <Page
      title="Groups"
      description="Your directory (SCIM 2.0) brings people and groups to this workspace. A group can give its members a role; the widest counts."
    >
      {may('scim:provision') && may('api-key:manage') && <Setup />}
      <ListOf
        list={list}
        title="Groups of the directory"
        empty={
          <NothingHere icon="people" title="No groups yet">
            They come with the first synchronisation of your directory.
          </NothingHere>
        }
      >
        {(groups) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Group</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Members</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {groups.map((group) => (
                <Row key={group.id} group={group} manages={manages} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

/** What the directory is told: where it writes, and with which key. */
function Setup() {
  const base = `${globalThis.location.origin}/scim/v2`;
  return (
    <Panel
      title="Connect your directory"
      note="Give it this address and a key as its bearer token. The key may provision and nothing else."
      aside={<MakeKey />}
    >
      <div className={copied['line']}>
        <code>{base}</code>
        <Copy value={base} what="base address of SCIM" />
      </div>
    </Panel>
  );
}

function MakeKey() {
  const create = useCommand(auth.createApiKey, [auth.listApiKeys]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  const [name, setName] = useState('directory');
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Make a key
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'The key is there' : 'A key for your directory'}>
        {create.data ? (
          <ShownOnce secret={create.data.key} what="API key" onDone={close} />
        ) : (
          <CommandForm
            onSubmit={() => create.mutate({ name, scopes: ['scim:provision'] })}
            error={create.error}
            isPending={create.isPending}
            send="Create"
          >
            <NameField value={name} onName={setName} />
            <Text size="sm" c="dimmed">
              It is a key of yours and ends with your membership. API keys makes one of a service account, with an
              expiry or networks of its own.
            </Text>
          </CommandForm>
        )}
      </Modal>
    </>
  );
}

function Row({ group, manages }: { readonly group: DirectoryGroup; readonly manages: boolean }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={group.name} />
        </Text>
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Role">
        {group.role ?? 'none'}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Members">
        {group.members}
      </Table.Td>
      <Table.Td>{manages && <ChangeRoleOfGroup group={group} />}</Table.Td>
    </Table.Tr>
  );
}

const NONE = '';

function ChangeRoleOfGroup({ group: { id, name, role } }: { readonly group: DirectoryGroup }) {
  const change = useCommand(scim.setGroupRole, [scim.listGroups, auth.listMembers]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: change.reset });
  const [next, setNext] = useState(role ?? NONE);
  const names = useRoles().map(({ name }) => name);
  const submit = (): void => change.mutate({ id, role: next === NONE ? null : next }, { onSuccess: close });
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Change the role of ${name}`}>
        Role…
      </Button>
      <Modal opened={opened} onClose={close} title={`What members of ${name} are`}>
        <CommandForm onSubmit={submit} error={change.error} isPending={change.isPending} send="Change">
          <NativeSelect
            label="Role"
            description="For everybody in the group, at once. Of several groups the role that permits the most counts."
            data={[{ value: NONE, label: 'none' }, ...names]}
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
