import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contracts } from './catalogue.js';
import { serviceNames } from './contract.js';
import { inboxPrefix, natsPermissions } from './nats-permissions.js';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/nats-permissions.json'), 'utf8'),
) as Record<string, unknown>;

describe('what a service may say and hear on the bus', () => {
  it.each(serviceNames)('%s: as reviewed; if meant: node libs/contracts/bin/generate.mjs', (service) => {
    expect(natsPermissions(service)).toEqual(golden[service]);
  });

  it.each(serviceNames)('%s hears its own inbox and nobody else’s', (service) => {
    const inboxes = natsPermissions(service).subscribe.filter((subject) => subject.startsWith('_INBOX'));
    expect(inboxes).toEqual([`${inboxPrefix(service)}.>`]);
  });

  it.each(serviceNames)('%s has no wildcard but inboxes', (service) => {
    const { publish, subscribe } = natsPermissions(service);
    expect([...publish, ...subscribe].filter((s) => /[*>]/.test(s) && !/^_INBOX\.[a-z]+\.>$/.test(s))).toEqual([]);
  });

  it.each(serviceNames)('%s calls what lists it as a caller, and answers only who may call it', (service) => {
    const { publish } = natsPermissions(service);
    for (const { subject, transport, callers } of contracts)
      expect(publish.includes(subject)).toBe(transport === 'rpc' && callers.includes(service));
    const owned = contracts.filter((c) => c.owner === service && c.transport === 'rpc');
    for (const other of serviceNames)
      expect(publish.includes(`${inboxPrefix(other)}.>`)).toBe(owned.some((c) => c.callers.includes(other)));
  });
});
