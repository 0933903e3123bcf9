import { Table, Text } from '@mantine/core';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import type { Look } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import { useNameOf } from '../members/use-name-of.js';
import { useMay, useMe } from '../sign-in/use-me.js';
import { EndEmergency } from './end-emergency.js';
import { JudgeEmergency } from './judge-emergency.js';
import { TakeEmergency } from './take-emergency.js';
import { isOn, useEmergencies, type Emergency } from './use-emergencies.js';

const on: Look = { tone: 'bad', icon: 'alert', word: 'On' };
const over: Look = { tone: 'warn', icon: 'clock', word: 'To be judged' };
const findings: Readonly<Record<NonNullable<Emergency['review']>['finding'], Look>> = {
  justified: { tone: 'good', icon: 'check', word: 'Justified' },
  unjustified: { tone: 'bad', icon: 'cross', word: 'Not justified' },
};
const lookOf = (access: Emergency): Look => {
  if (isOn(access)) return on;
  return access.review ? findings[access.review.finding] : over;
};

/** Who took more than their role, when, why, and what somebody else said of it. */
export function EmergencyPage() {
  const list = useEmergencies();
  const me = useMe().data;
  const mayTake = useMay()('break-glass:open') && me?.breakGlass === undefined;
  return (
    <Page
      title="Emergency access"
      description="More than one’s role for a while, with a reason: seen by everybody, kept in the audit log, and judged by somebody else afterwards."
      actions={mayTake && <TakeEmergency />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="shield" title="Nobody ever took emergency access">
            It is for when something burns and a role does not do.
          </NothingHere>
        }
      >
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Who and why</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Taken</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Ended</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((access) => (
                <Row key={access.id} access={access} own={access.principal.id === me?.principal.id} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function Row({ access, own }: { readonly access: Emergency; readonly own: boolean }) {
  const { principal, reason, openedAt, endsAt, endedAt, endedBy, review } = access;
  const nameOf = useNameOf();
  const may = useMay();
  const open = isOn(access);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          <Visible text={principal.name} />
        </Text>
        <Text size="xs" c="dimmed" maw={480}>
          <VisibleProse text={reason} />
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag look={lookOf(access)} />
        {review && (
          <Text size="xs" c="dimmed" maw={320}>
            <Visible text={nameOf(review.by)} />: <VisibleProse text={review.note} />
          </Text>
        )}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Taken">
        <Ago at={openedAt} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Ended">
        {open ? `at ${exactly(Date.parse(endsAt))}` : <Ago at={endedAt ?? endsAt} />}
        {endedBy !== undefined && (
          <Text size="xs">
            by <Visible text={nameOf(endedBy)} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {open && (own || may('member:manage')) && <EndEmergency access={access} own={own} />}
        {!open && !own && !review && may('access-review:manage') && <JudgeEmergency {...access} />}
      </Table.Td>
    </Table.Tr>
  );
}
