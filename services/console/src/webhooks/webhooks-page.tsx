import { delivery, type ReplyOf } from '@conclave/contracts';
import { Group, Table } from '@mantine/core';
import { usePages } from '../api/queries.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { Link } from '../routing/router.js';
import { CreateWebhook } from './create-webhook.js';

type Webhook = ReplyOf<typeof delivery.listWebhooks>['items'][number];

const active: Look = { tone: 'good', icon: 'bolt', word: 'Active' };
const disabled: Look = { tone: 'warn', icon: 'dash', word: 'Disabled' };

/** Who is told when something ends. */
export function WebhooksPage() {
  const list = usePages(delivery.listWebhooks, {});
  return (
    <Page
      title="Webhooks"
      description="Signed messages to your own services, after the Standard Webhooks specification."
      actions={<CreateWebhook />}
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="bolt" title="No webhooks yet">
            Create one to be told when a decision is sealed or a run ends.
          </NothingHere>
        }
      >
        {(webhooks) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Address</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Events</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Created</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {webhooks.map((webhook) => (
                <WebhookRow key={webhook.id} webhook={webhook} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function WebhookRow({ webhook: { id, url, events, createdAt, disabledAt } }: { readonly webhook: Webhook }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Link to={`/webhooks/${id}`} className={rows['cover']}>
          {url}
        </Link>
      </Table.Td>
      <Table.Td>
        <Tag look={disabledAt === undefined ? active : disabled} />
      </Table.Td>
      <Table.Td>
        <Group gap="sm">
          {events.map((event) => (
            <code key={event}>{event}</code>
          ))}
        </Group>
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']} ${rows['above']}`}>
        <Ago at={createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}
