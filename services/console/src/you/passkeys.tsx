import { passkeys, type ReplyOf } from '@conclave/contracts';
import { Button, Modal, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import rows from '../design/rows.module.css';
import { AddPasskey } from './add-passkey.js';
import { Visible } from '../design/visible.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';

type Passkey = ReplyOf<typeof passkeys.addPasskey>;

/** The passkeys with which the signed-in person gets in. */
export function Passkeys() {
  const list = usePages(passkeys.listPasskeys, {});
  return (
    <ListOf
      list={list}
      title="Passkeys"
      aside={<AddPasskey />}
      empty={
        <NothingHere icon="passkey" title="No passkeys yet">
          Add one to sign in without a key.
        </NothingHere>
      }
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Last used</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Added</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((passkey) => (
              <Row key={passkey.id} {...passkey} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

function Row(passkey: Passkey) {
  const { id, name, createdAt, lastUsedAt } = passkey;
  const remove = useCommand(passkeys.removePasskey, [passkeys.listPasskeys]);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Last used">
        {lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Added">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Button.Group>
          <Rename {...passkey} />
          <Confirm
            question={`Remove ${name}?`}
            yes="Remove"
            command={remove}
            request={{ id }}
            opener={(open) => (
              <Button size="compact-xs" variant="default" onClick={open} aria-label={`Remove ${name}`}>
                Remove…
              </Button>
            )}
          >
            It opens nothing any more, and browsers that were signed in with it are signed out. Delete it on the device,
            too.
          </Confirm>
        </Button.Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Rename({ id, name }: Passkey) {
  const rename = useCommand(passkeys.renamePasskey, [passkeys.listPasskeys]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: rename.reset });
  const [next, setNext] = useState(name);
  const submit = (): void => {
    rename.mutate({ id, name: next }, { onSuccess: close });
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Rename ${name}`}>
        Rename…
      </Button>
      <Modal opened={opened} onClose={close} title={`Rename ${name}`}>
        <CommandForm onSubmit={submit} error={rename.error} isPending={rename.isPending} send="Rename">
          <NameField value={next} onName={setNext} />
        </CommandForm>
      </Modal>
    </>
  );
}
