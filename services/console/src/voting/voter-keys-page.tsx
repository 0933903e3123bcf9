import { consensus } from '@conclave/contracts';
import { Button, Table, Text } from '@mantine/core';
import { send, useCommand, usePages, useWork } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Digest } from '../design/copy.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { useMe } from '../sign-in/use-me.js';
import { EnrolPasskey } from './enrol-passkey.js';
import { makePasskey, type VoterKey } from './passkeys.js';

const votes: Look = { tone: 'good', icon: 'check', word: 'Votes' };
const waiting: Look = { tone: 'info', icon: 'clock', word: 'Pending' };
const revoked: Look = { tone: 'plain', icon: 'dash', word: 'Revoked' };
const holders: Readonly<Record<VoterKey['custody'], string>> = {
  platform: 'the platform',
  external: 'a program of yours',
  passkey: 'a passkey of yours',
};

/** The keys with which the signed-in person votes, who holds them, and since when. */
export function VoterKeysPage() {
  const enrolledBy = useMe().data?.principal.id ?? '';
  const list = usePages(consensus.listVoterKeys, { enrolledBy });
  return (
    <Page
      title="Voter keys"
      description="With a passkey you vote as yourself: its private key is yours, and the platform cannot sign with it."
      actions={<EnrolPasskey known={list.items ?? []} />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="pen" title="You have no voter key yet">
            Enrol a passkey of this device, then have yourself named as a voter of a decision by its voter id.
          </NothingHere>
        }
      >
        {(keys) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Voter</Table.Th>
                <Table.Th>Held by</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Since</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {keys.map((key) => (
                <KeyRow key={key.voterId} voterKey={key} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

/** A key votes once the log has it. */
function lookOf({ revokedAt, pending }: VoterKey): Look {
  if (revokedAt !== undefined) return revoked;
  return pending ? waiting : votes;
}

function KeyRow({ voterKey }: { readonly voterKey: VoterKey }) {
  const { voterId, name, custody, algorithm, enrolledAt, revokedAt, passkey } = voterKey;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        <Text size="xs" c="dimmed">
          {passkey === undefined ? algorithm : `${algorithm} at ${passkey.origin}`}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag look={lookOf(voterKey)} />
      </Table.Td>
      <Table.Td>
        <Digest value={voterId} what={`voter id of ${name}`} length={30} />
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Held by">
        {holders[custody]}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Since">
        <Ago at={enrolledAt} />
      </Table.Td>
      <Table.Td>
        {revokedAt === undefined && (
          <Button.Group>
            {custody !== 'platform' && <Rotate voterKey={voterKey} />}
            <Revoke voterKey={voterKey} />
          </Button.Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Rotate({ voterKey: { voterId, name } }: { readonly voterKey: VoterKey }) {
  const person = useMe().data?.principal.name ?? '';
  const rotate = useWork(
    async (voter: string) =>
      send(consensus.rotateVoterKey, { voterId: voter, key: { registration: await makePasskey(person, []) } }),
    [consensus.listVoterKeys],
  );
  return (
    <Confirm
      question={`Give ${name} a new passkey?`}
      yes="Make the passkey"
      command={rotate}
      request={voterId}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Rotate ${name}`}>
          Rotate…
        </Button>
      )}
    >
      Decisions to come know you by the new one. Those that are open keep the old one: vote in them first, or keep it.
    </Confirm>
  );
}

function Revoke({ voterKey: { voterId, name } }: { readonly voterKey: VoterKey }) {
  const revoke = useCommand(consensus.revokeVoterKey, [consensus.listVoterKeys]);
  return (
    <Confirm
      question={`Revoke ${name}?`}
      yes="Revoke"
      command={revoke}
      request={{ voterId }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Revoke ${name}`}>
          Revoke…
        </Button>
      )}
    >
      No decision can be opened with this key any more. Those that are open keep it, and the ballots it signed stay
      valid.
    </Confirm>
  );
}
