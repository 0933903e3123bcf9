import { Button, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Icon } from '../design/icon.js';
import { Waiting } from '../design/page.js';
import { Refused } from '../design/refusal.js';
import { exactly } from '../design/time.js';
import { Visible } from '../design/visible.js';
import { navigate } from '../routing/router.js';
import { Branded } from './branded.js';
import { Door } from './door.js';
import { acceptLink, readLink, type Welcome } from './sign-ins.js';

/** Where a one-time link leads: who lets whom into what, and the passkey that opens it from then on. */
export function WelcomePage() {
  const [link] = useState(() => location.hash.slice(1));
  const queries = useQueryClient();
  const read = useQuery({
    queryKey: ['welcome', link],
    queryFn: () => readLink(link),
    retry: false,
    staleTime: Infinity,
  });
  const accept = useMutation({
    mutationFn: () => acceptLink(link),
    onSuccess: async () => {
      navigate('/runs', 'replace');
      await queries.resetQueries();
    },
  });
  return (
    <Door
      title="Welcome to Conclave"
      note={read.data ? <Purpose {...read.data} /> : read.isPending ? 'One moment.' : ''}
    >
      {read.isPending && <Waiting rows={1} />}
      <Refused error={read.error ?? accept.error} />
      {(read.error ?? accept.error) && (
        <Button variant="default" component="a" href="/">
          Go to sign-in
        </Button>
      )}
      {read.data !== undefined && !accept.isError && (
        <Stack gap="md">
          {read.data.branding && <Branded {...read.data.branding} />}
          <Button
            size="md"
            {...(read.data.branding?.accent === undefined ? {} : { color: read.data.branding.accent })}
            leftSection={<Icon name="passkey" />}
            loading={accept.isPending}
            onClick={() => accept.mutate()}
          >
            Make a passkey and sign in
          </Button>
          <Text size="xs" c="dimmed">
            The browser asks you to confirm with your fingerprint, your face or a PIN. The link is good once, until{' '}
            {exactly(Date.parse(read.data.expiresAt))}.
          </Text>
        </Stack>
      )}
    </Door>
  );
}

function Purpose({ purpose, name, tenant, workspace, role, invitedBy }: Welcome) {
  const place = (
    <>
      <b>
        <Visible text={workspace} />
      </b>{' '}
      of{' '}
      <b>
        <Visible text={tenant} />
      </b>
    </>
  );
  return (
    <>
      <Visible text={name} />,{' '}
      {purpose === 'recovery' ? (
        <>
          {invitedBy !== undefined && <Visible text={invitedBy} />} lets you back into {place}. Passkeys you had open
          nothing any more once you have made a new one.
        </>
      ) : (
        <>
          {invitedBy === undefined ? (
            'you are welcome in '
          ) : (
            <>
              <Visible text={invitedBy} /> invites you to{' '}
            </>
          )}
          {place} as {role}.
        </>
      )}
    </>
  );
}
