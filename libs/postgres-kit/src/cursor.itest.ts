import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { CursorStore, type EventSource, type Step } from './cursor.js';
import type { Database } from './database.js';
import type { PlacedEvent } from './relay.js';
import { createTestDatabase, type TestDatabase } from './test/test-database.js';

type At = readonly [epoch: number, pos: number];
let database: TestDatabase;
let db: Database;
let cursors: CursorStore;
let lane = 0;
beforeAll(async () => {
  database = await createTestDatabase({ metrics: '' });
  db = database.open('metrics');
  cursors = new CursorStore(db, 'consensus');
});
afterAll(() => database.drop());

const eventAt = ([epoch, pos]: At): PlacedEvent => ({
  id: newId('event'),
  type: 'decision.sealed',
  tenantId: newId('tenant'),
  actor: 'test',
  at: '2025-11-20T00:00:00.000Z',
  data: {},
  position: { lane, epoch, pos },
});
/** A lane of its own that stands at a position; without one it was never read. */
const laneAt = async (at: At | undefined): Promise<void> => {
  lane++;
  if (at)
    await database.query(
      `insert into metrics.event_cursor (producer, lane, epoch, pos) values ('consensus', $1, $2, $3)`,
      [lane, ...at],
    );
};
const position = async (): Promise<At> => {
  const { epoch, pos } = (await cursors.read())(lane);
  return [epoch, pos];
};

describe('a cursor', () => {
  it.each<[from: At | undefined, to: At, ring: Step, log: Step]>([
    [undefined, [1, 1], 'applied', 'applied'],
    [undefined, [1, 2], 'gap', 'gap'],
    [undefined, [2, 1], 'gap', 'applied'],
    [[1, 0], [1, 1], 'applied', 'applied'],
    [[1, 5], [1, 6], 'applied', 'applied'],
    [[1, 5], [1, 5], 'old', 'old'],
    [[1, 5], [1, 4], 'old', 'old'],
    [[1, 5], [1, 7], 'gap', 'gap'],
    [[1, 5], [2, 1], 'gap', 'applied'],
    [[1, 5], [2, 6], 'gap', 'gap'],
    [[1, 5], [4, 1], 'gap', 'applied'],
    [[2, 5], [1, 6], 'old', 'old'],
    [[2, 5], [1, 1], 'old', 'old'],
  ])('at %j meets the event at %j: %s when it rings, %s when it is next in the log', async (from, to, ring, log) => {
    for (const [source, step] of Object.entries({ ring, log }) as [EventSource, Step][]) {
      await laneAt(from);
      let effects = 0;
      const met = await cursors.advance([eventAt(to)], source, async () => void effects++);
      expect({ source, met, effects }).toEqual({ source, met: step, effects: step === 'applied' ? 1 : 0 });
      expect(await position()).toEqual(step === 'applied' ? to : (from ?? [1, 0]));
    }
  });

  it('moves over several at once, or over none of them', async () => {
    const three = (...[epoch, pos]: At) =>
      [0, 1, 2].map((n) => eventAt([epoch, pos + n])) as [PlacedEvent, ...PlacedEvent[]];
    for (const [from, first, source, step] of [
      [undefined, [1, 1], 'ring', 'applied'],
      [[1, 5], [1, 6], 'ring', 'applied'],
      [[1, 5], [2, 1], 'log', 'applied'],
      [[1, 5], [2, 1], 'ring', 'gap'],
      [[1, 5], [1, 7], 'log', 'gap'],
      [[1, 6], [1, 6], 'ring', 'old'],
    ] as readonly (readonly [At | undefined, At, EventSource, Step])[]) {
      await laneAt(from);
      let effects = 0;
      const met = await cursors.advance(three(...first), source, async () => void effects++);
      const [epoch, pos] = first;
      expect([met, effects]).toEqual([step, step === 'applied' ? 1 : 0]);
      expect(await position()).toEqual(step === 'applied' ? [epoch, pos + 2] : (from ?? [1, 0]));
    }
    await laneAt([1, 5]);
    const failing = cursors.advance(three(1, 6), 'ring', () => Promise.reject(new Error('stop')));
    await expect(failing).rejects.toThrow('stop');
    expect(await position()).toEqual([1, 5]);
  });

  it('stays where it is when the effect fails', async () => {
    await laneAt([1, 5]);
    const failing = cursors.advance([eventAt([1, 6])], 'ring', () => Promise.reject(new Error('stop')));
    await expect(failing).rejects.toThrow('stop');
    expect(await position()).toEqual([1, 5]);
  });

  it('lets one of several replicas apply an event; the others wait for it and find it old', async () => {
    await laneAt([1, 5]);
    let effects = 0;
    const replica = () =>
      cursors.advance([eventAt([1, 6])], 'ring', async () => {
        effects++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
    const steps = await Promise.all([replica(), replica(), replica()]);
    expect(steps.sort()).toEqual(['applied', 'old', 'old']);
    expect(effects).toBe(1);
  });

  it('is taken over by the next replica when the first fails', async () => {
    await laneAt([1, 5]);
    const began = Promise.withResolvers<undefined>();
    const crash = Promise.withResolvers<never>();
    const first = cursors.advance([eventAt([1, 6])], 'ring', () => {
      began.resolve(undefined);
      return crash.promise;
    });
    await began.promise;
    const second = cursors.advance([eventAt([1, 6])], 'ring', async () => undefined);
    crash.reject(new Error('crash'));
    await expect(first).rejects.toThrow('crash');
    expect(await second).toBe('applied');
  });
});
