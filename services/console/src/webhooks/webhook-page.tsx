import { delivery, type ReplyOf } from '@conclave/contracts';
import { Button, Table, Text } from '@mantine/core';
import { LIVE_MS, useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { exactly } from '../design/time.js';
import { navigate } from '../routing/router.js';
import type { PageProps } from '../routing/page-props.js';

type Delivery = ReplyOf<typeof delivery.listDeliveries>['items'][number];

const looks: Readonly<Record<Delivery['state'], Look>> = {
  pending: { tone: 'info', icon: 'clock', word: 'Pending' },
  delivered: { tone: 'good', icon: 'check', word: 'Delivered' },
  failed: { tone: 'bad', icon: 'cross', word: 'Failed' },
};

/** What was sent to one webhook, and what came of it. */
export function WebhookPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const webhooks = usePages(delivery.listWebhooks, { limit: 100 });
  const list = usePages(delivery.listDeliveries, { id }, { liveMs: LIVE_MS });
  const webhook = webhooks.items?.find((one) => one.id === id);
  return (
    <Page
      title={webhook?.url ?? 'Webhook'}
      crumbs={[{ to: '/webhooks', title: 'Webhooks' }]}
      description={webhook && `Told about ${webhook.events.join(', ')}`}
      actions={<DeleteWebhook id={id} />}
    >
      <ListOf
        list={list}
        title="Deliveries"
        empty={
          <NothingHere icon="bolt" title="Nothing was sent yet">
            The first delivery follows the next event.
          </NothingHere>
        }
      >
        {(deliveries) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Event</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Last answer</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Attempts</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Created</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {deliveries.map((one) => (
                <DeliveryRow key={one.id} delivered={one} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function DeliveryRow({ delivered }: { readonly delivered: Delivery }) {
  const { type, event, state, attempts, lastStatus, lastError, createdAt, nextAttemptAt } = delivered;
  return (
    <Table.Tr>
      <Table.Td>
        <code>{type}</code>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {event}
        </Text>
      </Table.Td>
      <Table.Td>
        <Tag look={looks[state]} live={state === 'pending'} />
      </Table.Td>
      <Table.Td c="dimmed">
        {[lastStatus, lastError].filter(Boolean).join(' ')}
        {state === 'pending' && nextAttemptAt !== undefined && (
          <Text size="xs">next attempt {exactly(Date.parse(nextAttemptAt))}</Text>
        )}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Attempts">
        {attempts}
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`}>
        <Ago at={createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function DeleteWebhook({ id }: { readonly id: string }) {
  const remove = useCommand(delivery.deleteWebhook, [delivery.listWebhooks]);
  return (
    <Confirm
      question="Delete this webhook?"
      yes="Delete"
      command={remove}
      request={{ id }}
      onDone={() => navigate('/webhooks', 'replace')}
      opener={(open) => (
        <Button variant="default" onClick={open}>
          Delete…
        </Button>
      )}
    >
      Nothing more is sent to its address, and its secret becomes worthless.
    </Confirm>
  );
}
