import { auth, invitations, mails } from '@conclave/contracts';
import { Button, Checkbox, Modal, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { ShownOnce } from '../design/shown-once.js';
import { useMails } from './mails.js';
import { RoleSelect } from './change-role.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';

/** Invites a person: the link is for the inviter to hand over. */
export function Invite() {
  const invite = useCommand(invitations.createInvitation, [
    ...[auth.listMembers, invitations.listInvitations, mails.listMails],
  ]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: invite.reset });
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState('developer');
  const [sendMail, setSendMail] = useState(true);
  const { available } = useMails();
  const goes = available && sendMail && email !== '';
  const submit = (): void => {
    invite.mutate({ name, role, ...(email === '' ? {} : { email }), ...(goes ? { sendMail } : {}) });
  };
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Invite a person
      </Button>
      <Modal opened={opened} onClose={close} title={invite.data ? 'The link is there' : 'Invite a person'} size="lg">
        {invite.data ? (
          <ShownOnce secret={invite.data.link} what="link" onDone={close}>
            {invite.data.mail !== undefined && <Text size="sm">It is on its way to {invite.data.email}, too.</Text>}
          </ShownOnce>
        ) : (
          <CommandForm onSubmit={submit} error={invite.error} isPending={invite.isPending} send="Make the link">
            <NameField value={name} onName={setName} />
            <TextInput
              label="E-mail"
              description={
                available ? 'For you to recognise them by.' : 'For you to recognise them by; nothing is sent.'
              }
              type="email"
              maxLength={254}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            {available && (
              <Checkbox
                label="Send the link by e-mail"
                disabled={email === ''}
                checked={sendMail}
                onChange={(event) => setSendMail(event.currentTarget.checked)}
              />
            )}
            <RoleSelect value={role} onChange={setRole} />
          </CommandForm>
        )}
      </Modal>
    </>
  );
}
