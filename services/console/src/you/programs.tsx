import { oauth, type ReplyOf } from '@conclave/contracts';
import { Button, Table, Text, Tooltip } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import rows from '../design/rows.module.css';
import { exactly } from '../design/time.js';
import { Visible } from '../design/visible.js';
import { scopeWords } from '../programs/scope-words.js';

type Grant = ReplyOf<typeof oauth.revokeGrant>;

/** Programs that act for the person. */
export function Programs() {
  const list = usePages(oauth.listGrants, {});
  return (
    <ListOf
      list={list}
      title="Programs that act for you"
      empty={
        <NothingHere icon="plug" title="No programs act for you">
          <span>
            One asks when you run <code>conclave login</code>, or connect it.
          </span>
        </NothingHere>
      }
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Program</Table.Th>
              <Table.Th>May</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Last used</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Allowed</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((grant) => (
              <Row key={grant.id} {...grant} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

function Row({ id, client, scopes, createdAt, expiresAt, lastUsedAt }: Grant) {
  const revoke = useCommand(oauth.revokeGrant, [oauth.listGrants]);
  const words = scopes.map((scope) => scopeWords[scope]);
  const first = words[0] ?? 'nothing';
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={client.name} />
        </Text>
        <Text size="xs" c="dimmed">
          until {exactly(Date.parse(expiresAt))} at the latest
        </Text>
      </Table.Td>
      <Table.Td c="dimmed">
        <Tooltip label={words.join(', ')} multiline maw={360}>
          <span>{words.length <= 1 ? first : `${first} and ${words.length - 1} more`}</span>
        </Tooltip>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Last used">
        {lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Allowed">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Confirm
          question={`Stop ${client.name}?`}
          yes="Stop it"
          command={revoke}
          request={{ id }}
          opener={(open) => (
            <Button size="compact-xs" variant="default" onClick={open} aria-label={`Stop ${client.name}`}>
              Stop…
            </Button>
          )}
        >
          It can do nothing for you any more, at once, until you allow it again.
        </Confirm>
      </Table.Td>
    </Table.Tr>
  );
}
