import { runtime, type Run } from '@conclave/contracts';
import { NativeSelect, Table } from '@mantine/core';
import { useState } from 'react';
import { LIVE_MS, usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { Ago, Elapsed } from '../design/moment.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Disc, Word } from '../design/tag.js';
import { duration } from '../design/time.js';
import { outcomeLook, runKinds, runLooks } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { Link } from '../routing/router.js';
import { NoRuns } from './no-runs.js';
import { isOver } from './run-story.js';

const ANY = 'any';
type State = Run['state'];

const stateOptions = [
  { value: ANY, label: 'All states' },
  ...runtime.runStates.map((state) => ({ value: state, label: runLooks[state].word })),
];

/** All runs of the workspace's tenant, newest first, kept up to date. */
export function RunsPage() {
  const [state, setState] = useState<State | typeof ANY>(ANY);
  const list = usePages(runtime.listRuns, state === ANY ? {} : { state }, { liveMs: LIVE_MS });
  return (
    <Page
      title="Runs"
      description="Each review of a change and each agent’s work: what came out, and how long it took."
      actions={
        <NativeSelect
          aria-label="State of the runs"
          data={stateOptions}
          value={state}
          onChange={(event) => setState(event.currentTarget.value as State | typeof ANY)}
        />
      }
    >
      <ListOf list={list} empty={<NoRuns filtered={state !== ANY} />}>
        {(runs) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Run</Table.Th>
                <Table.Th>Kind</Table.Th>
                <Table.Th>Outcome</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Took</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Started</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {runs.map((run) => (
                <RunRow key={run.id} run={run} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function RunRow({ run }: { readonly run: Run }) {
  const look = run.outcome === undefined ? runLooks[run.state] : outcomeLook(run.outcome);
  const live = run.state === 'working' || run.state === 'submitted';
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/runs/${run.id}`} className={rows['cover']}>
          <Disc look={look} live={live} />
          <Visible text={run.title} />
        </Link>
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''}>{runKinds[run.kind]}</Table.Td>
      <Table.Td>
        <Word look={look} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`}>
        {isOver(run) ? (
          duration(Date.parse(run.updatedAt) - Date.parse(run.createdAt))
        ) : (
          <Elapsed since={run.createdAt} />
        )}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']} ${rows['above']}`}>
        <Ago at={run.createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}
