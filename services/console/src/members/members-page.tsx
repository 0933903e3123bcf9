import { auth, type ReplyOf } from '@conclave/contracts';
import { Button, Table, Text } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { useMay, useMe } from '../sign-in/use-me.js';
import { ChangeRole } from './change-role.js';
import { Invitations, useAwaited } from './invitations.js';
import { Invite } from './invite.js';
import { Recover } from './recover.js';
import { SignOut } from './sign-out.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

const active: Look = { tone: 'good', icon: 'check', word: 'Active' };
const invited: Look = { tone: 'info', icon: 'clock', word: 'Invited' };
const disabled: Look = { tone: 'plain', icon: 'dash', word: 'Disabled' };
const kinds: Readonly<Record<Member['principal']['kind'], string>> = {
  user: 'person',
  'service-account': 'service account',
  agent: 'agent',
};

/** Who belongs to the workspace, in which role, and who is on the way in. */
export function MembersPage() {
  const manages = useMay()('member:manage');
  const list = usePages(auth.listMembers, {});
  const awaited = useAwaited(manages);
  const me = useMe().data;
  return (
    <Page
      title="Members"
      description="People, service accounts and agents of this workspace, and what their role permits."
      actions={manages && <Invite />}
    >
      {manages && <Invitations />}
      <ListOf list={list} title="Members" empty={null}>
        {(members) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Since</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {members.map((member) => (
                <Row
                  key={member.principal.id}
                  member={member}
                  manages={manages}
                  isAwaited={awaited.has(member.principal.id)}
                  isMe={member.principal.id === me?.principal.id}
                />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

interface RowProps {
  readonly member: Member;
  readonly manages: boolean;
  /** Whether they were invited and have not come yet. */
  readonly isAwaited: boolean;
  readonly isMe: boolean;
}

function Row({ member, manages, isAwaited, isMe }: RowProps) {
  const { principal, email, role, owner, createdAt, disabledAt } = member;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={principal.name} />
        </Text>
        {email !== undefined && (
          <Text size="xs">
            <Visible text={email} />
          </Text>
        )}
        <Text size="xs" c="dimmed">
          {isMe ? 'you' : kinds[principal.kind]}
          {owner === true && ', owner of the tenant'}
        </Text>
        <Text size="xs" c="dimmed" className={rows['id'] ?? ''}>
          {principal.id}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag look={disabledAt !== undefined ? disabled : isAwaited ? invited : active} />
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Role">
        {role}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Since">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        {manages && disabledAt === undefined && (
          <Button.Group>
            <ChangeRole member={member} />
            {principal.kind === 'user' && <Recover member={member} />}
            {principal.kind === 'user' && !isMe && <SignOut member={member} />}
            <Disable member={member} />
          </Button.Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Disable({ member: { principal } }: { readonly member: Member }) {
  const disable = useCommand(auth.disableMember, [auth.listMembers]);
  return (
    <Confirm
      question={`Disable ${principal.name}?`}
      yes="Disable"
      command={disable}
      request={{ id: principal.id }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Disable ${principal.name}`}>
          Disable…
        </Button>
      )}
    >
      For good: their keys and sign-ins in this workspace end at once. What they did stays in the log.
    </Confirm>
  );
}
