import { oauth, type ReplyOf } from '@conclave/contracts';
import { Button, Code, Stack, Table, Text } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Copy } from '../design/copy.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Visible } from '../design/visible.js';
import { RegisterProgram } from './register-program.js';

type Program = ReplyOf<typeof oauth.listOauthClients>['items'][number];

/** Programs that people of the tenant can allow to act for them. */
export function ProgramsPage() {
  const list = usePages(oauth.listOauthClients, {});
  return (
    <Page
      title="Programs"
      description="What people of this tenant can allow to act for them, by OAuth. The command line needs no entry."
      actions={<RegisterProgram />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="plug" title="No programs yet">
            Register one that asks people for their permission: an MCP client, a bot, a site of yours.
          </NothingHere>
        }
      >
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Client id</Table.Th>
                <Table.Th>Leads back to</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Registered</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((program) => (
                <Row key={program.id} {...program} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function Row({ id, name, kind, redirectUris, createdAt }: Program) {
  const remove = useCommand(oauth.deleteOauthClient, [oauth.listOauthClients]);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        <Text size="xs" c="dimmed">
          {kind === 'confidential' ? 'keeps a secret' : 'keeps no secret'}
        </Text>
      </Table.Td>
      <Table.Td>
        <Code>{id}</Code> <Copy value={id} what={`client id of ${name}`} />
      </Table.Td>
      <Table.Td c="dimmed">
        <Stack gap={0}>
          {redirectUris.map((uri) => (
            <Visible key={uri} text={uri} />
          ))}
        </Stack>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Registered">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Confirm
          question={`Delete ${name}?`}
          yes="Delete"
          command={remove}
          request={{ id }}
          opener={(open) => (
            <Button size="compact-xs" variant="default" onClick={open} aria-label={`Delete ${name}`}>
              Delete…
            </Button>
          )}
        >
          It stops acting for everybody who allowed it, at once.
        </Confirm>
      </Table.Td>
    </Table.Tr>
  );
}
