import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { activeTraceId } from '@conclave/nest-kit';
import { aRun, bearer, startEdgeWorld, type EdgeWorld } from './test/edge-world.js';

let world: EdgeWorld;
beforeAll(async () => {
  world = await startEdgeWorld();
});
afterAll(() => world.stop());

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const get = (path: string, traceparent: string): Promise<Response> =>
  world.fetch(path, { headers: { ...bearer(world.keys.admin), traceparent } });

describe("a client's trace", () => {
  it('goes on in the owner, over the bus and over HTTP, and is told to the client', async () => {
    const heard: (string | undefined)[] = [];
    world.owner.answer = async () => {
      heard.push(activeTraceId());
      return aRun;
    };
    world.owner.stream = async ({ reply }) => {
      heard.push(activeTraceId());
      await reply.send('ok');
    };
    for (const path of [`/v1/runs/${aRun.id}`, `/v1/runs/${aRun.id}/events`]) {
      const response = await get(path, `00-${traceId}-00f067aa0ba902b7-01`);
      expect([path, response.status, response.headers.get('x-trace-id')]).toEqual([path, 200, traceId]);
      await response.body?.cancel();
    }
    expect(heard).toEqual([traceId, traceId]);
  });

  it('is another one when the client’s is malformed', async () => {
    const response = await get(`/v1/runs/${aRun.id}`, `00-${traceId}-nonsense-01`);
    expect(response.headers.get('x-trace-id')).toMatch(/^(?!4bf92f3577b34da6)[0-9a-f]{32}$/);
  });
});
