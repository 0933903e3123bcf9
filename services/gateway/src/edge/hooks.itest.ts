import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConclaveError, newId, triggers } from '@conclave/contracts';
import { startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

const LIMIT = triggers.HOOK_LIMIT_BYTES;
const id = newId('trigger');
const signed = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1767225600', 'webhook-signature': 'v1,c2lnbmVk' };
const typed = { ...signed, 'content-type': 'application/json' };

let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  world.owner.seen.length = 0;
  world.owner.answer = async () => ({});
});

interface Delivery {
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream;
  readonly to?: string;
  readonly headers?: Record<string, string>;
  readonly at?: EdgeWorld;
}
const deliver = ({ body, to = id, headers = typed, at = world }: Delivery) =>
  at.fetch(`/v1/hooks/${to}`, { method: 'POST', headers, body, duplex: 'half' });
const refusal = async (delivery: Delivery) => {
  const response = await deliver(delivery);
  const { code } = (await response.json()) as { code?: string };
  return [response.status, code];
};
const announced = (size: number) => new Uint8Array(size).fill(0x20);
const chunked = (size: number) => new Blob([announced(size)]).stream();

describe('deliveries to triggers', () => {
  it('reach the owner as the very bytes with what signs them, and without a credential', async () => {
    const fired = { run: newId('run') };
    world.owner.answer = async () => fired;
    const body = new Uint8Array([0x7b, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0d, 0x0a, 0x7d]);
    const response = await deliver({ body });
    expect([response.status, await response.json()]).toEqual([202, fired]);
    const [message, timestamp, signature] = Object.values(signed);
    const request = { id, message, timestamp, signature, body: Buffer.from(body).toString('base64') };
    expect(world.owner.seen).toEqual([{ ctx: expect.anything(), request }]);
    expect(world.owner.seen[0]!.ctx.principal).toBeUndefined();
  });

  it.each([
    ['announced', announced],
    ['chunked', chunked],
  ])('have a limit, %s', async (_how, bodyOf) => {
    expect((await deliver({ body: bodyOf(LIMIT) })).status).toBe(202);
    const { body } = world.owner.seen[0]!.request as { body: string };
    expect(Buffer.from(body, 'base64')).toHaveLength(LIMIT);
    expect(await refusal({ body: bodyOf(LIMIT + 1) })).toEqual([413, 'request.too-large']);
    expect(world.owner.seen).toHaveLength(1);
  });

  it.each([
    ['another type', { headers: { ...signed, 'content-type': 'text/plain' } }, 415, 'request.media-type'],
    ['no type', { headers: signed }, 415, 'request.media-type'],
    ['what is no trigger’s id', { to: 'x' }, 400, 'request.invalid'],
  ])('are refused with %s before the owner is asked', async (_what, delivery, status, code) => {
    expect(await refusal({ body: announced(1), ...delivery })).toEqual([status, code]);
    expect(world.owner.seen).toEqual([]);
  });

  it('are refused as their owner refuses them', async () => {
    world.owner.answer = async () => {
      throw new ConclaveError('runtime.trigger.signature');
    };
    expect(await refusal({ body: announced(1) })).toEqual([401, 'runtime.trigger.signature']);
  });

  it('are counted by address', async () => {
    const at = await startEdgeWorld({ RATE_LIMIT_ADDRESS: '2' });
    try {
      at.owner.answer = world.owner.answer;
      const statuses = [];
      for (let n = 0; n < 3; n++) statuses.push((await deliver({ body: announced(1), at })).status);
      expect(statuses).toEqual([202, 202, 429]);
      expect(at.owner.seen).toHaveLength(2);
    } finally {
      await at.stop();
    }
  });
});
