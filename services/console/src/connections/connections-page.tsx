import { connections } from '@conclave/contracts';
import { Button, Group, Table, Text } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { AddressesOf, type Connection } from './addresses-of.js';
import { useStopRuns } from '../runs/stop-runs.js';
import { useMay } from '../sign-in/use-me.js';
import { MailDomains } from './mail-domains.js';
import { ConnectProvider, EditProvider } from './connect-provider.js';
import { MfaDemand } from './mfa-demand.js';
import { ProvidersOnly } from './providers-only.js';
import { vendorNames } from './provider-settings.js';

const active: Look = { tone: 'good', icon: 'check', word: 'Active' };
const disabled: Look = { tone: 'warn', icon: 'dash', word: 'Disabled' };
const kinds = { saml: 'SAML', oidc: 'OpenID Connect', github: 'GitHub' } as const;

const kindOf = (settings: Connection['settings']): string =>
  settings.kind === 'oidc' && settings.vendor ? vendorNames[settings.vendor] : kinds[settings.kind];

/** Through whom people of the tenant sign in. */
export function ConnectionsPage() {
  const list = usePages(connections.listConnections, {});
  const may = useMay();
  return (
    <Page
      title="Sign-in providers"
      description="Identity providers that vouch for people of this tenant."
      actions={<ConnectProvider />}
    >
      {may('policy:read') && <MfaDemand />}
      {may('policy:read') && <ProvidersOnly />}
      <ListOf
        list={list}
        empty={
          <NothingHere icon="door" title="No providers yet">
            Connect your organisation’s own sign-in by SAML, OpenID Connect or GitHub.
          </NothingHere>
        }
      >
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Who may come in</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Created</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((connection) => (
                <Row key={connection.id} connection={connection} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
      <MailDomains />
    </Page>
  );
}

function Row({ connection }: { readonly connection: Connection }) {
  const { name, settings, provisioning, emailDomains, createdAt, disabledAt } = connection;
  const who = admitted(provisioning);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
      </Table.Td>
      <Table.Td>{kindOf(settings)}</Table.Td>
      <Table.Td>
        <Tag look={disabledAt === undefined ? active : disabled} />
      </Table.Td>
      <Table.Td>
        <Text size="sm">{emailDomains.length > 0 ? `${who}, of ${emailDomains.join(', ')}` : who}</Text>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Created">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Actions connection={connection} />
      </Table.Td>
    </Table.Tr>
  );
}

function Actions({ connection }: { readonly connection: Connection }) {
  const { id, name, disabledAt, urls } = connection;
  const touches = [connections.listConnections];
  const change = useCommand(connections.changeConnection, touches);
  const remove = useCommand(connections.deleteConnection, touches);
  const [stop, stopAll] = [useStopRuns(), useStopRuns()];
  const opener = (word: string) => (open: () => void) => (
    <Button size="compact-xs" variant="default" onClick={open} aria-label={`${word} ${name}`}>
      {word}
    </Button>
  );
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <AddressesOf name={name} urls={urls} />
      <EditProvider connection={connection} />
      {disabledAt === undefined ? (
        <Confirm
          question={`Disable ${name}?`}
          yes="Disable"
          command={change}
          request={{ id, enabled: false, runs: stop.runs }}
          choice={stop}
          opener={opener('Disable')}
        >
          Everybody who signed in through it is signed out at once.
        </Confirm>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          loading={change.isPending}
          onClick={() => change.mutate({ id, enabled: true })}
          aria-label={`Enable ${name}`}
        >
          Enable
        </Button>
      )}
      <Confirm
        question={`Delete ${name}?`}
        yes="Delete"
        command={remove}
        request={{ id, runs: stopAll.runs }}
        choice={stopAll}
        opener={opener('Delete')}
      >
        Who signed in through it is signed out, and whom it vouched for is forgotten. The people stay.
      </Confirm>
    </Group>
  );
}

function admitted(provisioning: Connection['provisioning']): string {
  if (provisioning.mode === 'just-in-time') return `anybody, as ${provisioning.role}`;
  return provisioning.mode === 'directory' ? 'whom the directory brought' : 'people who were linked';
}
