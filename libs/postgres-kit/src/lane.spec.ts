/** How a lane gathers; that it applies each event once and in order is shown on real stores by consumer.itest. */
import { describe, expect, it } from '@jest/globals';
import type { RpcClient } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import { Lane, type LaneParts } from './lane.js';
import type { PlacedEvent } from './relay.js';

const event = (pos: number, type: 'bulk' | 'urgent', tenantId = 'ten_a'): PlacedEvent => ({
  id: `evt_${pos}`,
  type,
  tenantId,
  actor: 'test',
  at: '2025-11-20T00:00:00.000Z',
  data: {},
  position: { lane: 0, epoch: 1, pos },
});

/** `before`: the cursor stands there, moved by another replica; `slow`: what is applied takes until it is released. */
function laneWithLog({ before = 0, slow }: { before?: number; slow?: Promise<void> } = {}) {
  const applied: string[][] = [];
  let reads = 0;
  const parts: LaneParts = {
    producer: 'runtime',
    cursors: {
      advance: async (events) => {
        if (events[0].position.pos <= before) return 'old';
        applied.push(events.map(({ id }) => id));
        await slow;
        return 'applied';
      },
      enter: async () => undefined,
      read: async () => {
        reads++;
        if (before === 0) throw new Error('the log is not read here');
        return () => ({ epoch: 1, pos: before });
      },
    },
    isBulk: (type) => type === 'bulk',
    goesTogether: () => false,
    rpc: {} as RpcClient,
    log: { warn: () => undefined } as unknown as Logger,
    apply: async () => undefined,
    bury: async () => undefined,
  };
  return { lane: new Lane(0, parts), applied, reads: () => reads };
}

const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a lane', () => {
  it('applies together what comes one after the other and can wait', async () => {
    const { lane, applied } = laneWithLog();
    for (let pos = 1; pos <= 3; pos++) lane.push([event(pos, 'bulk')]);
    await until(() => applied.length > 0);
    expect(applied).toEqual([['evt_1', 'evt_2', 'evt_3']]);
  });

  it('applies at once what somebody waits for, and what came before it', async () => {
    const { lane, applied } = laneWithLog();
    lane.push([event(1, 'bulk')]);
    lane.push([event(2, 'urgent')]);
    lane.push([event(3, 'bulk', 'ten_b')]);
    await until(() => applied.length > 1);
    expect(applied).toEqual([['evt_1', 'evt_2'], ['evt_3']]);
  });

  it('does not read what it has, but reads what it has not', async () => {
    const { lane, reads } = laneWithLog();
    lane.push([event(1, 'bulk')]);
    lane.catchUp({ epoch: 1, pos: 1 });
    expect(reads()).toBe(0);
    lane.catchUp({ epoch: 1, pos: 2 });
    await until(() => reads() > 0);
    expect(reads()).toBe(1);
  });

  it('does not read what it is applying', async () => {
    let release = (): void => undefined;
    const { lane, applied, reads } = laneWithLog({ slow: new Promise((done) => (release = done)) });
    lane.push([event(1, 'urgent')]);
    await until(() => applied.length > 0);
    lane.catchUp({ epoch: 1, pos: 1 });
    release();
    await lane.stop();
    expect(reads()).toBe(0);
  });

  it('applies together what another replica has left of a batch', async () => {
    const { lane, applied } = laneWithLog({ before: 2 });
    for (let pos = 1; pos <= 5; pos++) lane.push([event(pos, 'bulk')]);
    await until(() => applied.length > 0);
    await lane.stop();
    expect(applied).toEqual([['evt_3', 'evt_4', 'evt_5']]);
  });

  it('gives up gathering when it stops', async () => {
    const { lane, applied } = laneWithLog();
    lane.push([event(1, 'bulk')]);
    await lane.stop();
    expect(applied).toEqual([]);
  });
});
