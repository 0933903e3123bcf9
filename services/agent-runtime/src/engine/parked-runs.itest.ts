import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '@conclave/contracts';
import { Client } from 'pg';
import { startRuntimeFixture, type RuntimeFixture } from '../testing/runtime-fixture.js';
import { Engine } from './engine.js';

const RUNS = 5_000;
const CREATES = 500;
const WINDOW_MS = 2_000;
/** Looks at a window until one is as quiet as those without runs: what grows with runs is in every one of them. */
const TRIES = 5;

/** What a service at rest did in a window. */
interface Rest {
  /** How often it asked Postgres what. */
  readonly asked: ReadonlyMap<string, number>;
  /** How many rows, and entries of indexes, Postgres read for it, by table or index. */
  readonly read: ReadonlyMap<string, number>;
}

/** What the driver is given: a text, or an object that has one. */
type Asked = string | { readonly text: string };

const textOf = (asked: Asked): string => (typeof asked === 'string' ? asked : asked.text);

const countOf = (texts: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(texts, (text) => text)].map(([text, all]) => [text, all.length]));

describe('parked runs', () => {
  let fixture: RuntimeFixture;
  const asked = jest.spyOn(Client.prototype, 'query');
  beforeAll(async () => {
    fixture = await startRuntimeFixture({ WORKER_SLOTS: '256', WORKER_LEASE_MS: '60000' });
  });
  afterAll(async () => {
    asked.mockRestore();
    await fixture.stop();
  });

  const parked = async (): Promise<number> =>
    (
      await fixture.database.query<{ n: number }>(`select count(*)::int as n from runtime.run where state = 'parked'`)
    )[0]!.n;
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const rows = await fixture.database.query<{ name: string; n: number }>(
      `select relname as name, (seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 as n from pg_stat_user_tables where schemaname = 'runtime'
       union all select indexrelname, idx_tup_read::float8 from pg_stat_user_indexes where schemaname = 'runtime'`,
    );
    return new Map(rows.map(({ name, n }) => [name, n]));
  };
  const atRest = async (): Promise<Rest> => {
    const before = await read();
    asked.mockClear();
    await sleep(WINDOW_MS);
    const texts = (asked.mock.calls as readonly unknown[][]).map(([first]) => textOf(first as Asked));
    const after = await read();
    return { asked: countOf(texts), read: new Map([...after].map(([name, n]) => [name, n - (before.get(name) ?? 0)])) };
  };
  /** What was done more than in any of the windows before; a timer may go off once more, and slips when others work. */
  const beyond = (now: Rest, before: readonly Rest[]): string[] =>
    (['asked', 'read'] as const).flatMap((what) => {
      const most = (name: string): number => Math.max(...before.map((rest) => rest[what].get(name) ?? 0));
      const few = what === 'asked' ? 1 : RUNS / 50;
      return [...now[what]]
        .filter(([name, times]) => times > 1.1 * most(name) + few)
        .map(([name, times]) => `${times} × ${name}`);
    });

  it('cost no turn and no slot, and nobody of worker, control, relay and api asks or reads more than without them', async () => {
    const without = [await atRest(), await atRest()];
    const engine = fixture.service.app.get(Engine);
    const tenantId = newId('tenant');
    const waiting = { agent: 'human', input: {}, rootInput: { question: 'And?' }, kind: 'agent', title: 't' };
    for (let made = 0; made < RUNS; made += CREATES)
      await Promise.all(
        Array.from({ length: CREATES }, () =>
          engine.create({
            ...{ ...waiting, id: newId('run'), tenantId, workspaceId: newId('workspace'), actor: 'service:runtime' },
          }),
        ),
      );
    while ((await parked()) < RUNS) await sleep(100);
    let more: string[] = ['not looked yet'];
    for (let tries = 0; more.length > 0 && tries < TRIES; tries++) more = beyond(await atRest(), without);
    expect(more).toEqual([]);
    const metrics = await (await fetch(`${fixture.service.url}/metrics`)).text();
    expect(metrics).toMatch(/^conclave_turns_running(\{.*\})? 0$/m);
  }, 120_000);
});
