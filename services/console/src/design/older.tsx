import { Button, Center } from '@mantine/core';
import type { Listed } from '../api/queries.js';

/** Reads on below a list. */
export function Older({
  list: { older, isReadingOlder },
  label = 'Show older',
}: {
  readonly list: Listed<unknown>;
  readonly label?: string;
}) {
  if (!older) return null;
  return (
    <Center p="sm">
      <Button variant="subtle" color="gray" size="xs" loading={isReadingOlder} onClick={older}>
        {label}
      </Button>
    </Center>
  );
}
