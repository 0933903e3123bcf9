import { contracts, eventContracts } from './catalogue.js';
import { doorbellSubject, headSubject } from './events/event.js';
import type { ServiceName } from './contract.js';

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * What a service may say and hear on the bus, from the contracts alone: call what lists it as caller, serve what it
 * owns, ring its own bell, hear the bells of producers it consumes. Replies go to its own inbox prefix.
 */
export function natsPermissions(service: ServiceName): NatsPermissions {
  const calls = contracts.filter((c) => c.transport === 'rpc' && c.callers.includes(service)).map((c) => c.subject);
  const serves = contracts.filter((c) => c.transport === 'rpc' && c.owner === service).map((c) => c.subject);
  const producers = new Set(eventContracts.filter((e) => e.consumers.includes(service)).map((e) => e.producer));
  return {
    publish: [...calls, doorbellSubject(service), headSubject(service), '_INBOX.>'],
    subscribe: [
      ...serves,
      ...[...producers].flatMap((p) => [doorbellSubject(p), headSubject(p)]),
      `${inboxPrefix(service)}.>`,
    ],
  };
}

/** Replies to a service arrive below this subject, which no other service may subscribe to. */
export const inboxPrefix = (service: ServiceName) => `_INBOX.${service}`;
