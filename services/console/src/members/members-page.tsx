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
import { useMay } from '../sign-in/use-me.js';
import { ChangeRole } from './change-role.js';
import { Invitations } from './invitations.js';
import { Invite } from './invite.js';
import { Recover } from './recover.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

const active: Look = { tone: 'good', icon: 'check', word: 'Active' };
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
  return (
    <Page
      title="Members"
      description="People and service accounts of this workspace, and what their role permits."
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
                <Row key={member.principal.id} member={member} manages={manages} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function Row({ member, manages }: { readonly member: Member; readonly manages: boolean }) {
  const { principal, role, createdAt, disabledAt } = member;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={principal.name} />
        </Text>
        <Text size="xs" c="dimmed">
          {kinds[principal.kind]}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag look={disabledAt === undefined ? active : disabled} />
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
