import { contracts, eventContracts } from './catalogue.js';
import { doorbellSubject, headSubject } from './events/event.js';
import type { ServiceName } from './contract.js';
import { peerSubjects } from './live.js';

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * What a service may say and hear on the bus, from the contracts alone: call what lists it as caller, serve what it
 * owns and answer those callers, ring its own bell, hear the bells of producers it consumes, talk with its own replicas.
 */
export function natsPermissions(service: ServiceName): NatsPermissions {
  const rpc = contracts.filter((contract) => contract.transport === 'rpc');
  const serves = rpc.filter((contract) => contract.owner === service);
  const calls = rpc.filter((contract) => contract.callers.includes(service));
  const callers = new Set(serves.flatMap((contract) => contract.callers));
  const peers = peerSubjects.filter(({ owner }) => owner === service).map(({ subject }) => subject);
  const producers = new Set(eventContracts.filter((e) => e.consumers.includes(service)).map((e) => e.producer));
  return {
    publish: [
      ...calls.map((contract) => contract.subject),
      doorbellSubject(service),
      headSubject(service),
      ...peers,
      ...[...callers].map(inboxOf),
    ],
    subscribe: [
      ...serves.map((contract) => contract.subject),
      ...[...producers].flatMap((producer) => [doorbellSubject(producer), headSubject(producer)]),
      ...peers,
      inboxOf(service),
    ],
  };
}

/** Replies to a service arrive below this subject, which no other service may subscribe to. */
export const inboxPrefix = (service: ServiceName) => `_INBOX.${service}`;

const inboxOf = (service: ServiceName) => `${inboxPrefix(service)}.>`;
