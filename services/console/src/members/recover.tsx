import { invitations, type auth, type ReplyOf } from '@conclave/contracts';
import { Button, Checkbox, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { ShownOnce } from '../design/shown-once.js';
import { useMails } from './mails.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

/** Makes a link for somebody who lost their passkeys. */
export function Recover({ member: { principal } }: { readonly member: Member }) {
  const recover = useCommand(invitations.createRecovery, [invitations.listInvitations]);
  const { available } = useMails();
  const [sendMail, setSendMail] = useState(false);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: recover.reset });
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Let ${principal.name} back in`}>
        Recovery link…
      </Button>
      <Modal opened={opened} onClose={close} title={`Let ${principal.name} back in`} size="lg">
        {recover.data ? (
          <ShownOnce secret={recover.data.link} what="link" onDone={close}>
            {recover.data.mail !== undefined && <Text size="sm">It is on its way by e-mail, too.</Text>}
          </ShownOnce>
        ) : (
          <CommandForm
            onSubmit={() => recover.mutate({ id: principal.id, ...(sendMail ? { sendMail } : {}) })}
            error={recover.error}
            isPending={recover.isPending}
            send="Make the link"
          >
            <Text size="sm" c="dimmed">
              The link lets them make a new passkey. Once they have, the passkeys they had open nothing any more, and
              every browser they were signed in with is signed out.
            </Text>
            {available && (
              <Checkbox
                label="Send it to their e-mail address, too"
                checked={sendMail}
                onChange={(event) => setSendMail(event.currentTarget.checked)}
              />
            )}
          </CommandForm>
        )}
      </Modal>
    </>
  );
}
