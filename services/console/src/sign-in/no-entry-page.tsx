import { Button, Code, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { refusalText } from '../api/refusal-text.js';
import { Door } from './door.js';
import { signOut } from './sign-ins.js';

interface NoEntryProps {
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** For somebody who is signed in and may not even know as whom: why, trying again, and the way out. */
export function NoEntryPage({ error, onRetry }: NoEntryProps) {
  const queries = useQueryClient();
  const exit = useMutation({ mutationFn: signOut, onSuccess: () => queries.resetQueries() });
  const { title, hint, code } = refusalText(error);
  return (
    <Door title={title} note={hint}>
      <div role="alert">{code !== undefined && <Code>{code}</Code>}</div>
      <Group>
        <Button onClick={onRetry}>Try again</Button>
        <Button variant="default" loading={exit.isPending} onClick={() => exit.mutate()}>
          {exit.isError ? 'Sign out failed; try again' : 'Sign out'}
        </Button>
      </Group>
    </Door>
  );
}
