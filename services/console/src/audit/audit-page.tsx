import { audit, events } from '@conclave/contracts';
import { NativeSelect, Stack, Table } from '@mantine/core';
import { useState } from 'react';
import { LIVE_MS, usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import rows from '../design/rows.module.css';
import { CheckpointPanel } from './checkpoint-panel.js';
import { EntryRow } from './entry-row.js';
import { useLog } from './use-log.js';

const ANY = 'any';
/** What programs add themselves is none of the platform's own events. */
const ADDED = 'entry.added';
const types = [...Object.values(events).flatMap(({ audited, type }) => (audited ? [type] : [])), ADDED].toSorted();

/** The tenant's tamper-evident log: its checkpoint, its entries, and the proof that each is in it. */
export function AuditPage() {
  const [type, setType] = useState(ANY);
  const log = useLog();
  const list = usePages(audit.listAuditEntries, type === ANY ? {} : { type }, { liveMs: LIVE_MS });
  return (
    <Page
      title="Audit log"
      description="An append-only Merkle log. Nothing in it can be changed, removed or reordered without being noticed."
    >
      <Stack gap="md">
        {log.data && <CheckpointPanel log={log.data} />}
        {!log.data &&
          (log.error ? <Refusal error={log.error} onRetry={() => void log.refetch()} /> : <Waiting rows={2} />)}
        <ListOf
          list={list}
          title="Entries"
          aside={
            <NativeSelect
              aria-label="Type of the entries"
              size="xs"
              data={[{ value: ANY, label: 'All types' }, ...types]}
              value={type}
              onChange={(event) => setType(event.currentTarget.value)}
            />
          }
          empty={
            <NothingHere icon="log" title={type === ANY ? 'The log is empty' : 'No entry of this type'}>
              Whatever is worth auditing is logged here the moment it happens.
            </NothingHere>
          }
        >
          {(entries) => (
            <Table className={rows['rows'] ?? ''}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Entry</Table.Th>
                  <Table.Th>Actor</Table.Th>
                  <Table.Th>Leaf hash</Table.Th>
                  <Table.Th className={rows['number'] ?? ''}>Logged</Table.Th>
                  <Table.Th className={rows['number'] ?? ''}>Proof</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {entries.map((entry) => (
                  <EntryRow key={entry.index} entry={entry} keys={log.data?.keys} />
                ))}
              </Table.Tbody>
            </Table>
          )}
        </ListOf>
      </Stack>
    </Page>
  );
}
