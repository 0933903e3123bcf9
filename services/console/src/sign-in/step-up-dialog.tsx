import { Button, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { lateProof } from './late-proof.js';
import { ShowFactor } from './show-factor.js';
import { signOut } from './sign-ins.js';

/** Asks whoever is about to do something privileged to show that it is them; then it is done. */
export function StepUpDialog() {
  const asked = useSyncExternalStore(lateProof.subscribe, lateProof.read);
  const queries = useQueryClient();
  const again = useMutation({ mutationFn: signOut, onSuccess: () => queries.resetQueries() });
  return (
    <Modal opened={asked !== undefined} onClose={() => asked?.answer(false)} title="Show that it is you" zIndex={400}>
      {asked && (
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {asked.factors.length > 0
              ? 'This takes a second factor that was shown of late.'
              : 'This takes a sign-in of late. Sign in again, and then do it once more.'}
          </Text>
          {asked.factors.length > 0 ? (
            <ShowFactor factors={asked.factors} onShown={() => asked.answer(true)} />
          ) : (
            <Button
              loading={again.isPending}
              onClick={() => {
                asked.answer(false);
                again.mutate();
              }}
            >
              Sign in again
            </Button>
          )}
        </Stack>
      )}
    </Modal>
  );
}
