import type { NoteKey } from '@conclave/audit-core';
import { audit } from '@conclave/contracts';
import { Button, Code, Stack, Table, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { client } from '../api/client.js';
import { Digest } from '../design/copy.js';
import { Ago } from '../design/moment.js';
import { Refused } from '../design/refusal.js';
import rows from '../design/rows.module.css';
import { Disc } from '../design/tag.js';
import classes from './entry-row.module.css';
import { proveEntry, readable, type Entry, type Proven } from './prove-entry.js';

/** An entry; opened, its exact bytes and the proof that the log holds them. */
export function EntryRow({ entry, keys }: { readonly entry: Entry; readonly keys: readonly NoteKey[] | undefined }) {
  const [opened, { toggle }] = useDisclosure(false);
  const { index, type, actor, leafHash, at } = entry;
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <span className={classes['entry']}>
            <span className={classes['index']}>{index}</span>
            <code>{type}</code>
          </span>
        </Table.Td>
        <Table.Td className={classes['actor'] ?? ''}>{actor}</Table.Td>
        <Table.Td className={rows['quiet'] ?? ''}>
          <Digest value={leafHash} what={`leaf hash of entry ${index}`} />
        </Table.Td>
        <Table.Td className={`${rows['quiet']} ${rows['number']}`}>
          <Ago at={at} />
        </Table.Td>
        <Table.Td>
          <Button
            size="compact-xs"
            variant="default"
            onClick={toggle}
            aria-expanded={opened}
            aria-label={`Open entry ${index}`}
          >
            {opened ? 'Close' : 'Open'}
          </Button>
        </Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr className={classes['opened'] ?? ''}>
          <Table.Td colSpan={5}>
            <Stack gap="sm">
              <Code block>{readable(entry.body)}</Code>
              <Inclusion entry={entry} keys={keys} />
            </Stack>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

function Inclusion({ entry, keys = [] }: { readonly entry: Entry; readonly keys: readonly NoteKey[] | undefined }) {
  const proof = useMutation({
    mutationFn: async () => proveEntry(entry, await client.call(audit.getInclusionProof, { index: entry.index }), keys),
  });
  return (
    <>
      {proof.data && <Steps steps={proof.data} />}
      <Refused error={proof.error} />
      <Button
        size="xs"
        variant="light"
        onClick={() => proof.mutate()}
        loading={proof.isPending}
        disabled={keys.length === 0}
        w="fit-content"
      >
        {proof.data ? 'Prove again' : 'Prove that it is in the log'}
      </Button>
    </>
  );
}

function Steps({ steps }: { readonly steps: readonly Proven[] }) {
  return (
    <ol className={classes['steps']} aria-label="Proof of inclusion" aria-live="polite">
      {steps.map(({ what, holds }) => (
        <li key={what}>
          <Disc
            size={18}
            look={
              holds ? { tone: 'good', icon: 'check', word: 'Holds' } : { tone: 'bad', icon: 'cross', word: 'Failed' }
            }
          />
          <VisuallyHidden>{holds ? 'Holds: ' : 'Failed: '}</VisuallyHidden>
          {what}
        </li>
      ))}
    </ol>
  );
}
