import { auth, tenants, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Select, Table, Text } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Refused } from '../design/refusal.js';
import rows from '../design/rows.module.css';
import { Visible } from '../design/visible.js';

type Owner = ReplyOf<typeof tenants.addOwner>;

const touches = [tenants.listOwners, auth.listMembers, auth.getMe];

/** Who owns the tenant; owners make owners. */
export function Owners() {
  const list = usePages(tenants.listOwners, {});
  return (
    <ListOf
      list={list}
      title="Owners"
      aside={<AddOwner owners={list.items ?? []} />}
      empty={
        <NothingHere icon="people" title="No owners">
          A tenant always has one.
        </NothingHere>
      }
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Since</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((owner) => (
              <Row key={owner.principal.id} {...owner} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

function Row({ principal: { id, name }, since }: Owner) {
  const remove = useCommand(tenants.removeOwner, touches);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Since">
        <Ago at={since} />
      </Table.Td>
      <Table.Td>
        <Confirm
          question={`Should ${name} own the tenant no longer?`}
          yes="Take it away"
          command={remove}
          request={{ id }}
          opener={(open) => (
            <Button size="compact-xs" variant="default" onClick={open} aria-label={`Remove ${name} as an owner`}>
              Remove…
            </Button>
          )}
        >
          They keep the roles they have in their workspaces.
        </Confirm>
      </Table.Td>
    </Table.Tr>
  );
}

function AddOwner({ owners }: { readonly owners: readonly Owner[] }) {
  const { items = [] } = usePages(auth.listMembers, {});
  const add = useCommand(tenants.addOwner, touches);
  const [id, setId] = useState<string | null>(null);
  const owning = new Set(owners.map(({ principal }) => principal.id));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (id !== null) add.mutate({ id }, { onSuccess: () => setId(null) });
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs">
        <Select
          aria-label="Member to make an owner"
          placeholder="A member of this workspace"
          size="xs"
          searchable
          data={items
            .filter(({ principal, disabledAt }) => disabledAt === undefined && !owning.has(principal.id))
            .map(({ principal }) => ({ value: principal.id, label: principal.name }))}
          value={id}
          onChange={setId}
        />
        <Button type="submit" size="xs" disabled={id === null} loading={add.isPending}>
          Make an owner
        </Button>
      </Group>
      <Refused error={add.error} />
    </form>
  );
}
