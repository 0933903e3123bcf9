import { Button, Code, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Refused } from '../design/refusal.js';
import { Brand } from '../shell/brand.js';
import { isSignedOut } from './use-me.js';
import { signIn } from './sign-ins.js';
import classes from './sign-in-page.module.css';

/** The door: a key is traded for a sign-in of this browser. Nothing that was read before stays: it may be another person. */
export function SignInPage({ ended }: { readonly ended: boolean }) {
  const [apiKey, setApiKey] = useState('');
  const queries = useQueryClient();
  const entry = useMutation({ mutationFn: signIn, onSuccess: () => queries.resetQueries() });
  const badKey = isSignedOut(entry.error);

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (apiKey.trim() !== '') entry.mutate(apiKey.trim());
  };

  return (
    <main className={classes['place']}>
      <title>Sign in · Conclave</title>
      <form className={classes['card']} onSubmit={submit}>
        <Stack gap="lg">
          <Stack gap="md">
            <Brand size={36} />
            <div>
              <Title order={1}>Sign in to Conclave</Title>
              <Text c="dimmed" size="sm" style={{ textWrap: 'balance' }}>
                {ended
                  ? 'Your sign-in has ended. Sign in again to go on where you were.'
                  : 'Decisions of agent panels, with receipts anyone can re-check.'}
              </Text>
            </div>
          </Stack>
          <PasswordInput
            label="API key"
            description="The key is traded for a sign-in and not kept in this browser."
            placeholder="Paste your key"
            autoComplete="current-password"
            data-autofocus
            autoFocus
            spellCheck={false}
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
            value={apiKey}
            onChange={(event) => setApiKey(event.currentTarget.value)}
            aria-invalid={badKey}
            error={badKey ? 'This key is not valid. It may be mistyped, expired or revoked.' : undefined}
            size="md"
          />
          {!badKey && <Refused error={entry.error} />}
          <Button type="submit" size="md" loading={entry.isPending} disabled={apiKey.trim() === ''}>
            Sign in
          </Button>
          <Text size="xs" c="dimmed">
            On your own machine the key is in <Code>.conclave/dev.json</Code>; elsewhere an administrator creates one
            for you.
          </Text>
        </Stack>
      </form>
    </main>
  );
}
