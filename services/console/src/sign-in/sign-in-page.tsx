import { Button, Code, Divider, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Icon } from '../design/icon.js';
import { Refused } from '../design/refusal.js';
import { Door } from './door.js';
import { signIn, signInWithPasskey } from './sign-ins.js';
import { ThroughProvider } from './through-provider.js';
import { isSignedOut } from './use-me.js';

/** The door: a passkey or a key is traded for a sign-in of this browser. Nothing that was read before stays: it may be another person. */
export function SignInPage({ ended }: { readonly ended: boolean }) {
  const queries = useQueryClient();
  const onSuccess = () => queries.resetQueries();
  const passkey = useMutation({ mutationFn: signInWithPasskey, onSuccess });
  return (
    <Door
      title="Sign in to Conclave"
      note={
        ended
          ? 'Your sign-in has ended. Sign in again to go on where you were.'
          : 'Decisions of agent panels, with receipts anyone can re-check.'
      }
    >
      <Stack gap="sm">
        <Button
          size="md"
          autoFocus
          leftSection={<Icon name="passkey" />}
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          Sign in with a passkey
        </Button>
        <Refused error={passkey.error} />
      </Stack>
      <Divider label="or with your organisation" />
      <ThroughProvider />
      <Divider label="or with a key" />
      <WithKey onSuccess={onSuccess} />
    </Door>
  );
}

function WithKey({ onSuccess }: { readonly onSuccess: () => Promise<void> }) {
  const [apiKey, setApiKey] = useState('');
  const entry = useMutation({ mutationFn: signIn, onSuccess });
  const badKey = isSignedOut(entry.error);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (apiKey.trim() !== '') entry.mutate(apiKey.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="lg">
        <PasswordInput
          label="API key"
          description="The key is traded for a sign-in and not kept in this browser."
          placeholder="Paste your key"
          autoComplete="current-password"
          spellCheck={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
          value={apiKey}
          onChange={(event) => setApiKey(event.currentTarget.value)}
          aria-invalid={badKey}
          error={badKey ? 'This key is not valid. It may be mistyped, expired or revoked.' : undefined}
          size="md"
        />
        {!badKey && <Refused error={entry.error} />}
        <Button type="submit" size="md" variant="default" loading={entry.isPending} disabled={apiKey.trim() === ''}>
          Sign in
        </Button>
        <Text size="xs" c="dimmed">
          On your own machine the key is in <Code>.conclave/dev.json</Code>; elsewhere an administrator invites you, or
          creates one for you.
        </Text>
      </Stack>
    </form>
  );
}
