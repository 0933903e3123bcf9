import { accessReviews } from '@conclave/contracts';
import { Button, Checkbox, Group, Table, Text, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { useNameOf } from '../members/use-name-of.js';
import { useMe } from '../sign-in/use-me.js';
import { titleOf, type Access } from './access.js';
import { Decide } from './decide.js';
import type { Review } from './reviews-page.js';

const undecided: Look = { tone: 'plain', icon: 'clock', word: 'Undecided' };
const decisions: Readonly<Record<NonNullable<Access['decision']>, Look>> = {
  keep: { tone: 'good', icon: 'check', word: 'Stays' },
  revoke: { tone: 'bad', icon: 'cross', word: 'Ends' },
};
const outcomes: Readonly<Record<NonNullable<Access['outcome']>, Look>> = {
  kept: { tone: 'good', icon: 'check', word: 'Kept' },
  revoked: { tone: 'bad', icon: 'cross', word: 'Revoked' },
  gone: { tone: 'plain', icon: 'dash', word: 'Was gone' },
  changed: { tone: 'warn', icon: 'info', word: 'Role changed' },
  failed: { tone: 'bad', icon: 'alert', word: 'Failed' },
};
const lookOf = ({ outcome, decision }: Access): Look =>
  outcome === undefined ? (decision === undefined ? undecided : decisions[decision]) : outcomes[outcome];

/** Every access of a review, with what was said of it; several can be decided about at once. */
export function Accesses({ review }: { readonly review: Review }) {
  const list = usePages(accessReviews.listAccessReviewItems, { id: review.id, limit: 100 });
  const me = useMe().data?.principal.id;
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const isOpen = review.closedAt === undefined;
  const others = (list.items ?? []).filter(({ principal }) => principal.id !== me);
  const chosen = others.filter(({ subject }) => marked.has(subject));
  const mark = (subjects: readonly string[], on: boolean): void =>
    setMarked((now) => new Set([...now].filter((one) => !subjects.includes(one)).concat(on ? subjects : [])));
  const done = (): void => setMarked(new Set());
  return (
    <ListOf
      list={list}
      title="Accesses"
      empty={null}
      aside={
        isOpen && (
          <Group gap="xs">
            <Checkbox
              size="xs"
              label="All but yours"
              checked={chosen.length > 0 && chosen.length === others.length}
              indeterminate={chosen.length > 0 && chosen.length < others.length}
              onChange={(event) =>
                mark(
                  others.map(({ subject }) => subject),
                  event.currentTarget.checked,
                )
              }
            />
            <Decide review={review.id} accesses={chosen} decision="keep" size="compact-sm" onDone={done} />
            <Decide review={review.id} accesses={chosen} decision="revoke" size="compact-sm" onDone={done} />
          </Group>
        )
      }
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Who</Table.Th>
              <Table.Th>May</Table.Th>
              <Table.Th className={rows['number'] ?? ''}>Last used</Table.Th>
              <Table.Th>Decision</Table.Th>
              {isOpen && <Table.Th aria-label="Actions" />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((access) => (
              <Row
                key={access.subject}
                access={access}
                marked={marked.has(access.subject)}
                onMark={(on) => mark([access.subject], on)}
              >
                {isOpen && (
                  <Table.Td>
                    {access.principal.id === me ? (
                      <Text size="xs" c="dimmed">
                        Yours: somebody else decides.
                      </Text>
                    ) : (
                      <Button.Group>
                        <Decide review={review.id} accesses={[access]} decision="keep" size="compact-xs" />
                        <Decide review={review.id} accesses={[access]} decision="revoke" size="compact-xs" />
                      </Button.Group>
                    )}
                  </Table.Td>
                )}
              </Row>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

interface RowProps {
  readonly access: Access;
  readonly marked: boolean;
  readonly onMark: (on: boolean) => void;
  readonly children: React.ReactNode;
}

function Row({ access, marked, onMark, children }: RowProps) {
  const { kind, principal, role, name, scopes = [], lastUsedAt, decidedBy, failure } = access;
  const nameOf = useNameOf();
  const canMark = children !== false && nameOf(principal.id) !== 'you';
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="sm" wrap="nowrap">
          {canMark && (
            <Checkbox
              size="xs"
              aria-label={`Choose ${titleOf(access)}`}
              checked={marked}
              onChange={(event) => onMark(event.currentTarget.checked)}
            />
          )}
          <div>
            <Text size="sm" fw={550}>
              <Visible text={kind === 'member' ? principal.name : (name ?? '')} />
            </Text>
            <Text size="xs" c="dimmed">
              {kind === 'member' ? (
                'member'
              ) : (
                <>
                  API key of <Visible text={principal.name} />
                </>
              )}
            </Text>
          </div>
        </Group>
      </Table.Td>
      <Table.Td c="dimmed">
        {kind === 'member' ? (
          role
        ) : (
          <Tooltip label={scopes.join(', ')} multiline maw={360}>
            <span tabIndex={0}>{scopes.length === 1 ? scopes[0] : `${scopes.length} permissions`}</span>
          </Tooltip>
        )}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Last used">
        {lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}
      </Table.Td>
      <Table.Td>
        <Tag look={lookOf(access)} />
        {decidedBy !== undefined && (
          <Text size="xs" c="dimmed">
            by <Visible text={nameOf(decidedBy)} />
          </Text>
        )}
        {failure !== undefined && (
          <Text size="xs" c="dimmed">
            <code>{failure}</code>
          </Text>
        )}
      </Table.Td>
      {children}
    </Table.Tr>
  );
}
