import { auth, type ReplyOf } from '@conclave/contracts';
import { Button, Table, Text, Tooltip } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { useNameOf } from '../members/use-name-of.js';
import { useStopRuns } from '../runs/stop-runs.js';
import { CreateApiKey } from './create-api-key.js';

type ApiKey = ReplyOf<typeof auth.listApiKeys>['items'][number];

const active: Look = { tone: 'good', icon: 'check', word: 'Active' };
const expired: Look = { tone: 'warn', icon: 'clock', word: 'Expired' };
const revoked: Look = { tone: 'plain', icon: 'dash', word: 'Revoked' };

/** Keys of programs and people, what each may do, and when it was last used. */
export function ApiKeysPage() {
  const list = usePages(auth.listApiKeys, {});
  const nameOf = useNameOf();
  return (
    <Page
      title="API keys"
      description="For CI, agents and the command line. Give each only the permissions it needs."
      actions={<CreateApiKey />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="key" title="No API keys yet">
            Create one for whoever calls the API.
          </NothingHere>
        }
      >
        {(keys) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Whose</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Permissions</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Last used</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Created</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {keys.map((key) => (
                <KeyRow key={key.id} apiKey={key} holder={nameOf(key.principal)} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

/** Until when a key is good, and from where. */
function Bounds({ expiresAt, allowedAddresses }: ApiKey) {
  const until = expiresAt === undefined ? 'never expires' : `until ${exactly(Date.parse(expiresAt))}`;
  return (
    <Text size="xs" c="dimmed">
      {allowedAddresses === undefined ? until : `${until}, from ${allowedAddresses.join(', ')} only`}
    </Text>
  );
}

function lookOf({ revokedAt, expiresAt }: ApiKey): Look {
  if (revokedAt !== undefined) return revoked;
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? expired : active;
}

interface KeyRowProps {
  readonly apiKey: ApiKey;
  /** Whose it is: a name, or the id where names are not for the reader. */
  readonly holder: string;
}

function KeyRow({ apiKey, holder }: KeyRowProps) {
  const { id, name, scopes, createdAt, lastUsedAt, revokedAt } = apiKey;
  const revoke = useCommand(auth.revokeApiKey, [auth.listApiKeys]);
  const stop = useStopRuns();
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        {revokedAt === undefined && <Bounds {...apiKey} />}
      </Table.Td>
      <Table.Td data-label="Of" title={apiKey.principal}>
        <Visible text={holder} />
      </Table.Td>
      <Table.Td>
        <Tag look={lookOf(apiKey)} />
      </Table.Td>
      <Table.Td c="dimmed">
        <Tooltip label={scopes.join(', ')}>
          <span>
            {scopes.length <= 2 ? scopes.join(', ') : `${scopes.slice(0, 2).join(', ')} and ${scopes.length - 2} more`}
          </span>
        </Tooltip>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Last used">
        {lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Created">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        {revokedAt === undefined && (
          <Confirm
            question={`Revoke ${name}?`}
            yes="Revoke"
            command={revoke}
            request={{ id, runs: stop.runs }}
            choice={stop}
            opener={(open) => (
              <Button size="compact-xs" variant="default" onClick={open} aria-label={`Revoke ${name}`}>
                Revoke…
              </Button>
            )}
          >
            Whatever uses this key is refused at once. If it is the key you signed in with, you are signed out.
          </Confirm>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
