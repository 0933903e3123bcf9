import { consensus, type Decision } from '@conclave/contracts';
import { NativeSelect, Table } from '@mantine/core';
import { useState } from 'react';
import { LIVE_MS, usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Disc, Word } from '../design/tag.js';
import { outcomeLook, phaseLooks } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { Link } from '../routing/router.js';
import { reasonText } from './decision-words.js';

const ANY = 'any';
type Phase = Decision['phase'];
type Summary = Pick<Decision, 'id' | 'question' | 'phase' | 'outcome' | 'openedAt' | 'sealedAt' | 'receiptReady'>;

const phaseOptions = [
  { value: ANY, label: 'All phases' },
  ...consensus.decisionPhases.map((phase) => ({ value: phase, label: phaseLooks[phase].word })),
];

/** Every decision, asked for by a run or by anybody else. */
export function DecisionsPage() {
  const [phase, setPhase] = useState<Phase | typeof ANY>(ANY);
  const list = usePages(consensus.listDecisions, phase === ANY ? {} : { phase }, { liveMs: LIVE_MS });
  return (
    <Page
      title="Decisions"
      description="What panels decided, under which rule, with a receipt for each."
      actions={
        <NativeSelect
          aria-label="Phase of the decisions"
          data={phaseOptions}
          value={phase}
          onChange={(event) => setPhase(event.currentTarget.value as Phase | typeof ANY)}
        />
      }
    >
      <ListOf list={list} empty={<NoDecisions filtered={phase !== ANY} />}>
        {(decisions) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Question</Table.Th>
                <Table.Th>Outcome</Table.Th>
                <Table.Th>Why</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Opened</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {decisions.map((decision) => (
                <DecisionRow key={decision.id} decision={decision} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function DecisionRow({
  decision: { id, question, phase, outcome, openedAt, sealedAt },
}: {
  readonly decision: Summary;
}) {
  const look = outcome ? outcomeLook(outcome.status) : phaseLooks[phase];
  const live = sealedAt === undefined && look.tone === 'info';
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/decisions/${id}`} className={rows['cover']}>
          <Disc look={look} live={live} />
          <Visible text={question} />
        </Link>
      </Table.Td>
      <Table.Td>
        <Word look={look} />
      </Table.Td>
      <Table.Td c="dimmed">{outcome && reasonText(outcome.reason)}</Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']} ${rows['above']}`}>
        <Ago at={openedAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function NoDecisions({ filtered }: { readonly filtered: boolean }) {
  if (filtered) return <NothingHere icon="search" title="No decision is in this phase" />;
  return (
    <NothingHere icon="decision" title="No decisions yet">
      <span>A review opens one; so does POST /v1/decisions with an electorate of your own.</span>
    </NothingHere>
  );
}
