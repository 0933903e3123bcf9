import { auth, invitations, mails, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Modal, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ask, useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { useQuery } from '@tanstack/react-query';
import { useMails, wordOf } from './mails.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import rows from '../design/rows.module.css';
import { CommandForm } from '../design/command-form.js';
import { ShownOnce } from '../design/shown-once.js';
import { exactly } from '../design/time.js';
import type { ReactNode } from 'react';
import { Visible } from '../design/visible.js';

type Invitation = ReplyOf<typeof invitations.revokeInvitation>;

/** The principals who were invited and have not come yet, for those who may know. */
export function useAwaited(manages: boolean): ReadonlySet<string> {
  const { data } = useQuery({ ...ask(invitations.listInvitations, { limit: 100 }), enabled: manages });
  return new Set(data?.items.map(({ principal }) => principal));
}

/** Who was invited and has not come yet; nothing when nobody is awaited. */
export function Invitations() {
  const list = usePages(invitations.listInvitations, {});
  const post = useMails();
  if (list.items?.length === 0) return null;
  return (
    <ListOf list={list} title="Invitations" empty={null}>
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Invited</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((invitation) => (
              <Row key={invitation.id} {...invitation} mail={wordOf(post.items, invitation.principal)}>
                {post.available && invitation.email !== undefined ? (
                  <SendAgain {...invitation} />
                ) : (
                  <NewLink {...invitation} />
                )}
              </Row>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

interface RowProps extends Invitation {
  /** What became of the mail, if there was one. */
  readonly mail: string | undefined;
  readonly children: ReactNode;
}

function Row({ id, name, email, role, createdAt, expiresAt, mail, children }: RowProps) {
  const revoke = useCommand(invitations.revokeInvitation, [invitations.listInvitations, auth.listMembers]);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        <Text size="xs" c="dimmed">
          {email === undefined ? '' : `${email}, `}until {exactly(Date.parse(expiresAt))}
          {mail === undefined ? '' : `, ${mail}`}
        </Text>
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Role">
        {role}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Invited">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          {children}
          <Confirm
            question={`Revoke the invitation of ${name}?`}
            yes="Revoke"
            command={revoke}
            request={{ id }}
            opener={(open) => (
              <Button
                size="compact-xs"
                variant="default"
                onClick={open}
                aria-label={`Revoke the invitation of ${name}`}
              >
                Revoke…
              </Button>
            )}
          >
            The link opens nothing any more, and the member is disabled.
          </Confirm>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

/** Sends a new link to whoever was invited. */
function SendAgain({ id, name, email }: Invitation) {
  const renew = useCommand(invitations.renewInvitation, [invitations.listInvitations, mails.listMails]);
  return (
    <Confirm
      question={`Send ${name} a new link?`}
      yes="Send"
      command={renew}
      request={{ id, sendMail: true }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Send ${name} a new link`}>
          Send again…
        </Button>
      )}
    >
      It goes to {email}. The link they have opens nothing any more.
    </Confirm>
  );
}

/** Makes a new link for the inviter to hand over, in place of one that was lost. */
function NewLink({ id, name }: Invitation) {
  const renew = useCommand(invitations.renewInvitation, [invitations.listInvitations]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: renew.reset });
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Make a new link for ${name}`}>
        New link…
      </Button>
      <Modal opened={opened} onClose={close} title={`A new link for ${name}`} size="lg">
        {renew.data ? (
          <ShownOnce secret={renew.data.link} what="link" onDone={close} />
        ) : (
          <CommandForm
            onSubmit={() => renew.mutate({ id })}
            error={renew.error}
            isPending={renew.isPending}
            send="Make the link"
          >
            <Text size="sm" c="dimmed">
              The link they have opens nothing any more.
            </Text>
          </CommandForm>
        )}
      </Modal>
    </>
  );
}
