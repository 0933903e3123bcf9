import { Button, Center } from '@mantine/core';
import type { Listed } from '../api/queries.js';

/** Reads on below a list. */
export function Older({ list: { older, isReadingOlder } }: { readonly list: Listed<unknown> }) {
  if (!older) return null;
  return (
    <Center p="sm">
      <Button variant="subtle" color="gray" size="xs" loading={isReadingOlder} onClick={older}>
        Show older
      </Button>
    </Center>
  );
}
