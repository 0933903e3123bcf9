/** B10: what sessions cost that nobody talks in, what those cost that somebody watches, and how soon one is awake. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { aim } from '../goals.js';
import { load, postRequest } from '../load.js';
import type { Platform } from '../platform.js';
import { memoryOf } from '../processes.js';
import type { Case } from '../report.js';
import { percentile } from '../statistics.js';
import { asAdministrator, bytesOfRows } from './at-rest.js';
import { engineCase, until } from './measure.js';
import { subscribe, type Subscriber } from './subscriber.js';

const SESSIONS = 5_000;
const WOKEN = 300;
/** Until the code on the way is compiled. */
const WOKEN_BEFORE = 50;
const VIEWERS = 960;
const FIRST_VIEWERS = 32;
/** Until what opening them leaves behind is done with. */
const SETTLE_MS = 3_000;
/** Until a process at rest has given back what it needed before. */
const COLLECTED_MS = 20_000;
const GIB = 2 ** 30;

/** Answers with what it is told. */
const ECHO = { agent: 'compose', input: { value: { $from: 'trigger', path: '/text' } } };
/** Waits for somebody who does not come. */
const ASKS = { agent: 'human', input: { question: 'And?' } };

interface Grounds {
  readonly platform: Platform;
  readonly keys: readonly string[];
  readonly client: pg.Client;
}

export const sessions = (platform: Platform, keys: readonly string[]): Promise<Case[]> =>
  asAdministrator(platform, async (client) => {
    const on = { platform, keys, client };
    // What is watched comes first, while no process has the room that much work leaves behind.
    const watched = await live(on);
    return [await hibernated(on), await woken(on), watched];
  });

async function hibernated(on: Grounds): Promise<Case> {
  await openSessions(on, ECHO, 1);
  const before = await bytesOfRows(on.client);
  const ids = await openSessions(on, ECHO, SESSIONS);
  const bytesEach = ((await bytesOfRows(on.client)) - before) / ids.length;
  const figures = { sessions: ids.length, bytesEach, perGib: GIB / bytesEach };
  return engineCase('b10 sessions that sleep', figures, [aim('perGib', { atLeast: 1_000_000 })]);
}

/** To the claim of the first turn: from the message's way to the edge, and from when its run is written; one at a time. */
async function woken(on: Grounds): Promise<Case> {
  const ids = await openSessions(on, ECHO, WOKEN_BEFORE + WOKEN);
  const sentAt = new Map<string, number>();
  const before = await bytesOfRows(on.client);
  for (const [no, id] of ids.slice(0, WOKEN_BEFORE + WOKEN).entries()) {
    const at = performance.timeOrigin + performance.now();
    const run = await say(on, id, no);
    if (no >= WOKEN_BEFORE) sentAt.set(run, at);
    await ended(on.client, run);
  }
  const talkedBytes = ((await bytesOfRows(on.client)) - before) / (WOKEN_BEFORE + WOKEN);
  const { rows } = await on.client.query<{ run: string; created: number; started: number }>(
    `select r.id as run, extract(epoch from r.created_at)::float8 * 1000 as created, extract(epoch from e.at)::float8 * 1000 as started
     from runtime.run r join runtime.run_event e on e.tenant_id = r.tenant_id and e.run_id = r.id and e.type = 'run.started'
     where r.id = any ($1)`,
    [[...sentAt.keys()]],
  );
  const [fromEdge, fromRun] = [
    rows.map((row) => row.started - sentAt.get(row.run)!),
    rows.map((row) => row.started - row.created),
  ];
  const figures = {
    woken: rows.length,
    ...{ wokenP50Ms: percentile(fromEdge, 50), wokenP99Ms: percentile(fromEdge, 99) },
    ...{ claimedP50Ms: percentile(fromRun, 50), claimedP99Ms: percentile(fromRun, 99) },
    talkedBytesEach: talkedBytes,
  };
  return engineCase('b10 sessions woken by a message', figures, [
    ...[aim('wokenP50Ms', { atMost: 5 }), aim('claimedP50Ms', { atMost: 5 })],
  ]);
}

/** Each has a run that waits, and a WebSocket of its own on it. */
async function live(on: Grounds): Promise<Case> {
  const ids = (await openSessions(on, ASKS, FIRST_VIEWERS + VIEWERS)).slice(0, FIRST_VIEWERS + VIEWERS);
  const runs: string[] = [];
  for (const [no, id] of ids.entries()) runs.push(await say(on, id, no));
  const port = Number(new URL(on.platform.gateway).port);
  const watch = async (some: readonly string[]): Promise<readonly Subscriber[]> => {
    const seat = async (key: string, first: number): Promise<Subscriber[]> => {
      const seated: Subscriber[] = [];
      for (let no = first; no < some.length; no += on.keys.length)
        seated.push(await subscribe({ port, path: `/v1/runs/${some[no]}/events`, key, onMessage: () => undefined }));
      return seated;
    };
    return (await Promise.all(on.keys.map(seat))).flat();
  };
  const leave = (watchers: readonly Subscriber[]) => Promise.all(watchers.map((one) => one.close()));
  await leave(await watch(runs.slice(0, FIRST_VIEWERS)));
  await sleep(COLLECTED_MS);
  const before = memoryOfBoth(on.platform);
  const watchers = await watch(runs.slice(FIRST_VIEWERS));
  await sleep(SETTLE_MS);
  const after = memoryOfBoth(on.platform);
  await leave(watchers);
  const each = (at: number): number => ((after[at] ?? NaN) - (before[at] ?? NaN)) / 1_024 / watchers.length;
  const [gatewayKbEach, runtimeKbEach] = [each(0), each(1)];
  const perGib = GIB / 1_024 / (gatewayKbEach + runtimeKbEach);
  const figures = { sessions: watchers.length, gatewayKbEach, runtimeKbEach, perGib };
  return engineCase('b10 sessions that are watched', figures, [aim('perGib', { atLeast: 50_000 })]);
}

/** What holds a connection: edge and runtime. */
const memoryOfBoth = ({ pids }: Platform): readonly number[] =>
  ['gateway', 'runtime'].map((name) => memoryOf(pids[name] ?? NaN).private);

/** Opens so many or some more. @returns their ids */
async function openSessions({ platform, keys, client }: Grounds, agent: object, atLeast: number): Promise<string[]> {
  const title = `bench ${performance.now()}`;
  const requests = keys.map((key) => postRequest('/v1/sessions', { title, agent }, { authorization: `Bearer ${key}` }));
  const target = { port: Number(new URL(platform.gateway).port), requests, answer: { status: 201, text: '"idle"' } };
  for (let made = 0; made < atLeast;)
    made += (await load({ ...target, connections: keys.length, seconds: 0.5 })).answers;
  const { rows } = await client.query<{ id: string }>('select id from runtime.session where title = $1', [title]);
  return rows.map(({ id }) => id);
}

/** @returns the run that answers */
async function say({ platform, keys }: Grounds, id: string, no: number): Promise<string> {
  const response = await fetch(`${platform.gateway}/v1/sessions/${id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys[no % keys.length]}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'x'.repeat(200) }),
  });
  if (!response.ok) throw new Error(`a message was answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { run: string }).run;
}

const ended = (client: pg.Client, run: string): Promise<void> =>
  until(`end of ${run}`, 1, async () => {
    const { rows } = await client.query<{ state: string }>('select state from runtime.run where id = $1', [run]);
    const state = rows[0]?.state;
    if (state === 'failed' || state === 'canceled') throw new Error(`${run} is ${state}`);
    return Number(state === 'completed');
  });
