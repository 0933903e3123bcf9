/** A real nats-server with one nkey per service and the permissions of production. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  audit,
  consensus,
  events,
  inboxPrefix,
  metrics,
  natsPermissions,
  readEvents,
  serviceNames,
  type ServiceName,
} from '@conclave/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { newNkeySeed, nkeySigner } from './nkey.js';
import { startTestBus, type TestBus } from './test/test-bus.js';

let bus: TestBus;
beforeAll(async () => {
  bus = await startTestBus({ secured: true });
});
afterAll(() => bus.stop());

const connectAs = (service: ServiceName): Promise<NatsConnection> => {
  const seed = bus.environmentOf(service)['NATS_NKEY_SEED']!;
  return connect({ servers: bus.url, authenticator: nkeySigner(seed), inboxPrefix: inboxPrefix(service) });
};

/** What the server objects to while `act` runs. */
async function objections(service: ServiceName, act: (nats: NatsConnection) => void): Promise<string[]> {
  const nats = await connectAs(service);
  const found: string[] = [];
  void (async () => {
    for await (const status of nats.status()) if (status.type === 'error') found.push(status.error.message);
  })();
  act(nats);
  await nats.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await nats.close();
  return found;
}

const subscribing = (subject: string) => (nats: NatsConnection) =>
  void nats.subscribe(subject, { callback: () => undefined });
const publishing = (subject: string) => (nats: NatsConnection) => nats.publish(subject, '{}');

describe('a service on the bus', () => {
  it.each([
    ['metrics', 'the inbox of another', '_INBOX.gateway.>'],
    ['metrics', 'every inbox', '_INBOX.>'],
    ['metrics', 'everything', '>'],
    ['metrics', 'an operation it does not own', consensus.openDecision.subject],
    ['metrics', 'the bell of a producer it does not consume', 'events.audit.rung'],
    ['delivery', 'all bells', 'events.>'],
    ['gateway', 'the operations of an owner', metrics.getUsageAnalytics.subject],
    ['auth', 'the requests of a role beside it', 'delivery.v1.>'],
  ] as const)('%s cannot hear %s', async (service, _what, subject) => {
    expect(await objections(service, subscribing(subject))).toEqual([expect.stringMatching(/permissions violation/i)]);
  });

  it.each([
    ['metrics', 'an operation that does not list it as a caller', consensus.openDecision.subject],
    ['gateway', 'what only services may ask', consensus.recordEvidence.subject],
    ['runtime', 'an operation of the edge alone', audit.getCheckpoint.subject],
    ['metrics', 'the bell of another producer', 'events.consensus.rung'],
    ['metrics', 'the head of another producer', 'events.auth.head'],
    ['metrics', 'a log it does not consume', readEvents.audit.subject],
    ['marketplace', 'into the inbox of a service that never calls it', '_INBOX.consensus.abc'],
  ] as const)('%s cannot say %s', async (service, _what, subject) => {
    expect(await objections(service, publishing(subject))).toEqual([expect.stringMatching(/permissions violation/i)]);
  });

  it.each(serviceNames)('%s may do all it needs', async (service) => {
    const { publish, subscribe } = natsPermissions(service);
    const objected = await objections(service, (nats) => {
      for (const subject of subscribe) subscribing(subject)(nats);
      for (const subject of publish) publishing(subject.replace('>', 'token'))(nats);
    });
    expect(objected).toEqual([]);
  });

  it('with a key nobody knows is not let in', async () => {
    const authenticator = nkeySigner(newNkeySeed());
    await expect(connect({ servers: bus.url, authenticator })).rejects.toThrow(/authorization/i);
  });

  it('without a key is not let in', async () => {
    await expect(connect({ servers: bus.url })).rejects.toThrow(/authorization/i);
  });

  it('that calls what it may not learns that it is at fault, not that the other is away', async () => {
    const { rpc } = await bus.kitOf('metrics');
    const call = rpc.callAsService(
      consensus.recordEvidence,
      {},
      {
        id: 'dec_01h455vb4pex5vsknk084sn02q',
        gate: 'tests',
        status: 'green',
        sha256: '0'.repeat(64),
        reason: '',
      },
    );
    await expect(call).rejects.toThrow(/permissions violation/i);
  });

  it('gets the answers meant for it', async () => {
    const owner = await connectAs('consensus');
    const { subject } = readEvents.consensus;
    owner.subscribe(subject, {
      callback: (_error, message) => void message.respond('{"epoch":1,"head":0,"events":[]}'),
    });
    await owner.flush();
    const { rpc } = await bus.kitOf('metrics');
    expect(events.decisionSealed.consumers).toContain('metrics');
    await expect(rpc.callAsService(readEvents.consensus, {}, { lane: 0, epoch: 1, after: 0 })).resolves.toEqual({
      epoch: 1,
      head: 0,
      events: [],
    });
    await owner.close();
  });
});
