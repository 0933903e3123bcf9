import { accessReviews, type ReplyOf } from '@conclave/contracts';
import { Table, Text } from '@mantine/core';
import { usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import type { Look } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { Link } from '../routing/router.js';
import { BeginReview } from './begin-review.js';

export type Review = ReplyOf<typeof accessReviews.getAccessReview>;

const open: Look = { tone: 'info', icon: 'activity', word: 'Open' };
const closed: Look = { tone: 'good', icon: 'check', word: 'Closed' };
export const lookOf = ({ closedAt }: Review): Look => (closedAt === undefined ? open : closed);

/** Who can get into the workspace, looked through now and then. */
export function ReviewsPage() {
  const list = usePages(accessReviews.listAccessReviews, {});
  return (
    <Page
      title="Access reviews"
      description="Who can get into this workspace, looked through now and then: every member and every API key stays or goes, on record."
      actions={<BeginReview />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="list" title="No access reviews yet">
            Begin one to go through every member and API key of the workspace.
          </NothingHere>
        }
      >
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Decided</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Due</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Begun</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((review) => (
                <Row key={review.id} review={review} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function Row({ review }: { readonly review: Review }) {
  const { id, name, items, decided, dueAt, createdAt } = review;
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/access-reviews/${id}`} className={rows['cover']}>
          <Visible text={name} />
        </Link>
      </Table.Td>
      <Table.Td>
        <Tag look={lookOf(review)} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Decided">
        {decided} of {items}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Due">
        <Text component="span" size="sm">
          {exactly(Date.parse(dueAt))}
        </Text>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']} ${rows['above']}`} data-label="Begun">
        <Ago at={createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}
