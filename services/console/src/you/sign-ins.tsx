import { signIns, type ReplyOf } from '@conclave/contracts';
import { Button, Table, Text } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import type { Look } from '../design/tones.js';

type SignIn = ReplyOf<typeof signIns.revokeSignIn>;

const here: Look = { tone: 'good', icon: 'check', word: 'This browser' };
const methods: Readonly<Record<SignIn['method'], string>> = {
  'api-key': 'API key',
  link: 'One-time link and a new passkey',
  passkey: 'Passkey',
  oidc: 'Your identity provider',
  saml: 'Your identity provider',
};

/** What was shown besides. */
const seconds: Readonly<Record<string, string>> = {
  totp: 'an authenticator app',
  'recovery-code': 'a recovery code',
  passkey: 'a passkey',
  'provider-mfa': 'a second factor there',
};

const waysOf = ({ method, factors }: Pick<SignIn, 'method' | 'factors'>): string =>
  [methods[method], ...factors.flatMap((factor) => (factor === method ? [] : (seconds[factor] ?? [])))]
    .filter((way, place, ways) => ways.indexOf(way) === place && (method !== 'link' || place === 0))
    .join(', and ');

/** Browsers in which the person is signed in. */
export function SignIns() {
  const list = usePages(signIns.listSignIns, {});
  return (
    <ListOf
      list={list}
      title="Where you are signed in"
      aside={list.items?.some(({ current }) => !current) && <EndOthers />}
      empty={null}
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>With</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Last used</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Signed in</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((signIn) => (
              <Row key={signIn.id} {...signIn} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

/** Ends every sign-in but this one. */
function EndOthers() {
  const end = useCommand(signIns.revokeSignIns, [signIns.listSignIns]);
  return (
    <Confirm
      question="End all other sign-ins?"
      yes="End them"
      command={end}
      request={{}}
      opener={(open) => (
        <Button size="compact-sm" variant="default" onClick={open}>
          End all others…
        </Button>
      )}
    >
      Every browser but this one is signed out at once, and programs that were allowed there stop.
    </Confirm>
  );
}

function Row({ id, method, factors, authenticatedAt, lastUsedAt, expiresAt, current }: SignIn) {
  const end = useCommand(signIns.revokeSignIn, [signIns.listSignIns]);
  const since = exactly(Date.parse(authenticatedAt));
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {waysOf({ method, factors })}
        </Text>
        <Text size="xs" c="dimmed">
          until {exactly(Date.parse(expiresAt))} at the latest
        </Text>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Last used">
        <Ago at={lastUsedAt} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Signed in">
        <Ago at={authenticatedAt} />
      </Table.Td>
      <Table.Td>
        {current ? (
          <Tag look={here} />
        ) : (
          <Confirm
            question="End this sign-in?"
            yes="End it"
            command={end}
            request={{ id }}
            opener={(open) => (
              <Button size="compact-xs" variant="default" onClick={open} aria-label={`End the sign-in of ${since}`}>
                End…
              </Button>
            )}
          >
            That browser is signed out at once. If you do not know it, remove the passkey or revoke the key it used.
          </Confirm>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
