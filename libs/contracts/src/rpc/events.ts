import { z } from 'zod';
import { contract, serviceNames, type ServiceName } from '../contract.js';
import * as events from '../events/catalogue.js';
import { eventEnvelope, eventPosition } from '../events/event.js';

const consumersOf = (producer: ServiceName) => [
  ...new Set(Object.values(events).flatMap((e) => (e.producer === producer ? e.consumers : []))),
];

/** How a consumer that missed doorbells catches up: reads a lane of the producer's log after a position. */
const spec = (owner: ServiceName) =>
  contract({
    owner,
    subject: `${owner}.v1.events.read`,
    permission: 'service',
    callers: consumersOf(owner),
    request: z.strictObject({
      lane: z.number().int().min(0).max(15),
      epoch: z.number().int().min(0),
      after: z.number().int().min(0),
      limit: z.number().int().min(1).max(500).default(200),
    }),
    reply: z.object({
      /** Where the lane stands now: its epoch and last position. Events of older epochs are read first. */
      epoch: z.number().int(),
      head: z.number().int(),
      events: z.array(eventEnvelope.extend({ position: eventPosition })),
    }),
  });

/** `<producer>.v1.events.read` of every service that keeps an event log. */
export const readEvents = Object.fromEntries(
  serviceNames.filter((name) => name !== 'gateway').map((name) => [name, spec(name)]),
) as Record<Exclude<ServiceName, 'gateway'>, ReturnType<typeof spec>>;

export type EventProducer = keyof typeof readEvents;
