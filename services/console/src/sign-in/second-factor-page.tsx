import { Button, Divider } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { AddApp } from '../you/add-app.js';
import { AddPasskey } from '../you/add-passkey.js';
import { Door } from './door.js';
import { ShowFactor } from './show-factor.js';
import { signOut } from './sign-ins.js';

/** Between the door and everything else: shows a second factor, or adds one where the organisation asks for it. */
export function SecondFactorPage({ factors }: { readonly factors: readonly string[] }) {
  const queries = useQueryClient();
  const goOn = () => void queries.resetQueries();
  const exit = useMutation({ mutationFn: signOut, onSuccess: goOn });
  const none = factors.length === 0;
  return (
    <Door
      title={none ? 'Add a second factor' : 'One more step'}
      note={
        none
          ? 'Your organisation asks for one: an authenticator app, or a passkey on this device.'
          : 'Show a second factor to finish signing in.'
      }
    >
      {none ? (
        <>
          <AddApp onDone={goOn} />
          <AddPasskey onDone={goOn} />
        </>
      ) : (
        <ShowFactor factors={factors} onShown={goOn} />
      )}
      <Divider />
      <Button variant="subtle" loading={exit.isPending} onClick={() => exit.mutate()}>
        Sign out
      </Button>
    </Door>
  );
}
