import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Refused } from '../design/refusal.js';
import { Branded } from './branded.js';
import { findProviders } from './sign-ins.js';

/** Finds the providers of one's organisation, and leads there; back here afterwards. */
export function ThroughProvider() {
  const [who, setWho] = useState('');
  const search = useMutation({ mutationFn: findProviders });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (who.trim() !== '') search.mutate(who.trim());
  };
  const { pathname } = globalThis.location;
  const branding = search.data?.branding;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Work e-mail or organisation"
          description="Leads to your organisation’s own sign-in, if it has connected one."
          autoComplete="username"
          value={who}
          onChange={(event) => setWho(event.currentTarget.value)}
          size="md"
        />
        <Button type="submit" size="md" variant="default" loading={search.isPending} disabled={who.trim() === ''}>
          Continue
        </Button>
        <Refused error={search.error} />
        {branding && <Branded {...branding} />}
        {search.data?.connections.map(({ name, login }) => (
          <Button
            key={login}
            component="a"
            href={`${login}?returnTo=${encodeURIComponent(pathname)}`}
            size="md"
            {...(branding?.accent === undefined ? {} : { color: branding.accent })}
          >
            Sign in with {name}
          </Button>
        ))}
        {search.data?.connections.length === 0 && (
          <Text size="sm" c="dimmed" role="status">
            No provider is known for this. Use a passkey or a key, or ask an administrator.
          </Text>
        )}
      </Stack>
    </form>
  );
}
