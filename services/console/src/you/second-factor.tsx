import { mfa, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ask, useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Ago } from '../design/moment.js';
import { Waiting } from '../design/page.js';
import { Facts, Panel } from '../design/panel.js';
import { Refusal, Refused } from '../design/refusal.js';
import { AddApp } from './add-app.js';
import { CodesOnce } from './codes-once.js';

type Factors = ReplyOf<typeof mfa.getFactors>;

/** What the person shows besides how they sign in. */
export function SecondFactor() {
  const factors = useQuery(ask(mfa.getFactors, {}));
  return (
    <Panel
      title="Second factor"
      note={
        factors.data?.mfa === 'required' ? 'Your organisation asks for one.' : 'Asked for after you have signed in.'
      }
    >
      {factors.data ? (
        <Held {...factors.data} />
      ) : factors.error ? (
        <Refusal error={factors.error} onRetry={() => void factors.refetch()} />
      ) : (
        <Waiting rows={2} />
      )}
    </Panel>
  );
}

function Held({ totp, passkeys, recoveryCodes }: Factors) {
  const remove = useCommand(mfa.removeTotp, [mfa.getFactors]);
  return (
    <Stack gap="md">
      <Facts
        facts={[
          ['Authenticator app', totp ? <Since key="app" {...totp} /> : 'none'],
          ['Recovery codes', recoveryCodes === 0 ? 'none' : `${recoveryCodes} left`],
        ]}
      />
      <Group gap="xs">
        <AddApp replaces={totp !== undefined} />
        {totp && (
          <Confirm
            question="Remove the authenticator app?"
            yes="Remove"
            command={remove}
            request={{}}
            opener={(open) => (
              <Button variant="default" onClick={open}>
                Remove the app…
              </Button>
            )}
          >
            Its codes are good for nothing any more. {passkeys === 0 && 'So are your recovery codes.'}
          </Confirm>
        )}
        {(totp ?? passkeys > 0) && <NewCodes />}
      </Group>
    </Stack>
  );
}

function Since({ createdAt, lastUsedAt }: NonNullable<Factors['totp']>) {
  return (
    <>
      added <Ago at={createdAt} />
      {lastUsedAt !== undefined && (
        <>
          , last used <Ago at={lastUsedAt} />
        </>
      )}
    </>
  );
}

function NewCodes() {
  const make = useCommand(mfa.replaceRecoveryCodes, [mfa.getFactors]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: make.reset });
  return (
    <>
      <Button variant="default" onClick={open}>
        New recovery codes…
      </Button>
      <Modal opened={opened} onClose={close} title="New recovery codes" size="lg">
        {make.data ? (
          <CodesOnce codes={make.data.recoveryCodes} onKept={close} />
        ) : (
          <Stack gap="md">
            <Text size="sm" c="dimmed">
              You get ten. Those from before are good for nothing any more.
            </Text>
            <Refused error={make.error} />
            <Group justify="flex-end">
              <Button loading={make.isPending} onClick={() => make.mutate({})}>
                Make them
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}
