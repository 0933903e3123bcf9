import type { Decision } from '@conclave/contracts';
import { saidText } from '@conclave/verify';
import { Table, Text } from '@mantine/core';
import { Panel } from '../design/panel.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { voteLook, type Look } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import classes from './ballots-table.module.css';
import { dissents, objectionsFirst } from './decision-words.js';

type Ballot = Decision['ballots'][number];

const statuses: Readonly<Record<Ballot['status'], Look>> = {
  pending: { tone: 'info', icon: 'clock', word: 'Not yet' },
  'not-asked': { tone: 'plain', icon: 'dash', word: 'Not asked' },
  spoken: { tone: 'info', icon: 'clock', word: 'Has spoken' },
  committed: { tone: 'info', icon: 'clock', word: 'Committed' },
  counted: { tone: 'good', icon: 'check', word: 'Counted' },
  abstained: { tone: 'plain', icon: 'dash', word: 'Abstained' },
  void: { tone: 'bad', icon: 'alert', word: 'Void' },
  unrevealed: { tone: 'warn', icon: 'alert', word: 'Not revealed' },
};

/** Who holds the keys, as one fact: it decides how far the operator must be trusted. */
function custodyOf(ballots: readonly Ballot[]): string {
  const outside = ballots.filter(({ custody }) => custody !== 'platform').length;
  return `${outside} of ${ballots.length} voter keys are held outside the platform`;
}

/** Every voter of the electorate, and what became of their ballot. */
export function BallotsTable({ decision: { ballots, outcome } }: { readonly decision: Decision }) {
  return (
    <Panel title="Ballots" note={custodyOf(ballots)} flush>
      <Table className={`${rows['rows']} ${classes['ballots']}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Voter</Table.Th>
            <Table.Th>Vote</Table.Th>
            <Table.Th>Reason</Table.Th>
            <Table.Th className={rows['number'] ?? ''}>Weight</Table.Th>
            <Table.Th>Key held by</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {objectionsFirst(ballots).map((ballot) => (
            <BallotRow key={ballot.voterId} ballot={ballot} dissenting={dissents(ballot, outcome)} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function BallotRow({ ballot, dissenting }: { readonly ballot: Ballot; readonly dissenting: boolean }) {
  const { name, kind, family, vote, status, weight, reason, custody } = ballot;
  const plain = status === 'counted' || status === 'abstained';
  return (
    <Table.Tr data-dissents={dissenting || undefined}>
      <Table.Td className={classes['voter'] ?? ''}>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        <Text size="xs" c="dimmed">
          {kind} · {family}
        </Text>
      </Table.Td>
      <Table.Td>
        <span className={classes['vote']}>
          {vote !== undefined && <Tag look={voteLook(vote)} />}
          {!(plain && vote !== undefined) && <Tag look={statuses[status]} />}
          {dissenting && <span className={classes['dissent']}>dissent</span>}
        </span>
      </Table.Td>
      <Table.Td className={classes['reason'] ?? ''}>
        <VisibleProse text={[saidText(ballot), reason].filter(Boolean).join(': ')} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Weight">
        {weight}
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Key held by">
        {custody}
      </Table.Td>
    </Table.Tr>
  );
}
