import { delivery } from '@conclave/contracts';
import type { Group } from '../command.js';
import { deliveries, hooks } from '../nouns/work.js';
import { named, someOf, word } from '../operations/field.js';
import { listing, operation, required } from '../operations/operation.js';
import type { Field } from '../operations/field.js';

const webhook = named('id', hooks, '', required(hooks));

/** The log’s entries from now on, in a format. */
const entries: Field = {
  ...word('entries', `every entry of the audit log from now on, as ${delivery.entryFormats.join(', ')}`, {
    value: 'FORMAT',
  }),
  read: ([format]) => ({ format }),
};

export const webhooksGroup: Group = {
  name: 'webhooks',
  summary: 'where events are sent',
  description: 'Webhooks of the workspace. WEBHOOK is an id or the address.',
  commands: [
    listing(hooks, ['webhooks']),
    operation(delivery.createWebhook, {
      name: 'create',
      operands: [word('url', '', { name: 'URL', required: true })],
      options: [
        someOf('events', delivery.webhookEventTypes, 'an event it gets', { name: 'event', value: 'TYPE' }),
        entries,
      ],
      gives: hooks,
      once: 'secret',
    }),
    listing(deliveries, ['webhooks'], {
      name: 'deliveries',
      summary: 'list what was sent to a webhook, newest first',
      operands: [webhook],
    }),
    operation(delivery.deleteWebhook, {
      name: 'delete',
      operands: [webhook],
      gives: hooks,
      final: 'What waits to be delivered is dropped.',
    }),
  ],
};
