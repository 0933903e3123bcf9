import { saidText, type BallotSummary, type ReceiptSummary } from '@conclave/verify';
import { Table, Text } from '@mantine/core';
import { ruleText, whyText } from '../decisions/decision-words.js';
import { Digest } from '../design/copy.js';
import { Facts, Panel } from '../design/panel.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import { outcomeLook, voteLook } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';

/** What the file says of itself; how far to believe it is the verdict's business. */
export function ReceiptClaims({ receipt }: { readonly receipt: ReceiptSummary }) {
  const { subject, policy, custody, outcome, ballots } = receipt;
  const keys = custody.platform + custody.external + custody.passkey;
  return (
    <Panel title="What the receipt says" note="To be believed only as far as the verdict above goes.">
      <Facts
        facts={[
          ...(receipt.question === undefined
            ? []
            : ([['Question', <VisibleProse key="question" text={receipt.question} />]] as const)),
          ['Outcome', <Tag key="outcome" look={outcomeLook(outcome.status)} />],
          ['Why', whyText({ ...receipt, ballots: ballots.map(({ status, said }) => ({ status, vote: said?.vote })) })],
          ['Rule', ruleText(receipt.rule)],
          ['Decision', <code key="id">{receipt.decisionId}</code>],
          ['Log', <Visible key="log" text={receipt.origin} />],
          ['Sealed', exactly(Date.parse(receipt.times.endedAt))],
          ...(subject
            ? ([
                ['Repository', <Visible key="repository" text={subject.repository} />],
                ['Head', <Digest key="head" value={subject.head} what="head commit" length={40} />],
                ['Tree', <Digest key="tree" value={subject.tree} what="tree hash" length={40} />],
              ] as const)
            : []),
          ...(policy
            ? ([['Panel', <Digest key="panel" value={policy.panelSha256} what="digest of the panel" />]] as const)
            : []),
          ['Key custody', `${custody.external + custody.passkey} of ${keys} voter keys outside the platform`],
        ]}
      />
      <Table className={rows['rows'] ?? ''} mt="md" aria-label="Ballots in the receipt">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Voter</Table.Th>
            <Table.Th>Vote</Table.Th>
            <Table.Th>Reason</Table.Th>
            <Table.Th>Key held by</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ballots.map((ballot) => (
            <ClaimedBallot key={ballot.voterId} ballot={ballot} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function ClaimedBallot({
  ballot: { name, family, status, said, reason, custody },
}: {
  readonly ballot: BallotSummary;
}) {
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={name} />
        </Text>
        <Text size="xs" c="dimmed">
          {family}
        </Text>
      </Table.Td>
      <Table.Td>{said?.vote ? <Tag look={voteLook(said.vote)} /> : status}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        <VisibleProse text={[said && saidText(said), reason].filter(Boolean).join(': ')} />
      </Table.Td>
      <Table.Td className={rows['quiet'] ?? ''} data-label="Key held by">
        {custody}
      </Table.Td>
    </Table.Tr>
  );
}
