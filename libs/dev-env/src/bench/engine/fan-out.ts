/** B11: one run's events to a thousand WebSockets of one gateway. All through the public API. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKeys, post } from '../api-keys.js';
import { aim, must } from '../goals.js';
import type { Platform } from '../platform.js';
import { cpuByProcess, memoryOf } from '../processes.js';
import type { Case } from '../report.js';
import { medians, percentile } from '../statistics.js';
import { engineCase, until, type Figures } from './measure.js';
import { subscribe, type Subscriber } from './subscriber.js';

const SUBSCRIBERS = 1_000;
/** So few make the code on the way compiled, and no memory to speak of. */
const FIRST_SUBSCRIBERS = 32;
const FRAME_BYTES = 300;
/** Events at a pace that everybody keeps, by timers: one at a time, for the control role ends them every 200 ms. */
const [PACED, EVERY_MS] = [60, 250];
/** Events at once; they wait for two gates, for no task may have more than 200 dependants. */
const BURST = 300;
/** Until what a start or an end leaves behind is done with. */
const SETTLE_MS = 3_000;
/** Beyond the head of any story: only what comes from then on. */
const FROM_NOW_ON = 1_000_000;

export async function fanOut(platform: Platform, rounds: number): Promise<Case[]> {
  const keys = await createKeys(platform, 'viewer');
  await round(platform, keys, FIRST_SUBSCRIBERS);
  const alone = memoryOfBoth(platform);
  const measured: Figures[] = [];
  for (let no = 0; no < rounds; no++) {
    const { memory, ...figures } = await round(platform, keys, SUBSCRIBERS);
    // Against what there was before the first of them: later ones take up the room that earlier ones left.
    const [gatewayKb = NaN, runtimeKb = NaN] = memory.map((kb, at) => (kb - (alone[at] ?? NaN)) / SUBSCRIBERS);
    const kb = { gatewayKbPerConnection: gatewayKb, runtimeKbPerConnection: runtimeKb };
    measured.push({ ...figures, ...kb, kbPerConnection: gatewayKb + runtimeKb });
  }
  return [
    engineCase(`b11 ${SUBSCRIBERS} WebSockets on a run, ${FRAME_BYTES} B`, medians(measured), [
      ...[must('missing', { atMost: 0 }), must('different', { atMost: 0 })],
      aim('deliveriesPerS', { atLeast: 60_000 }),
      aim('kbPerConnection', { atMost: 25 }),
      aim('lastP99Ms', { atMost: 50 }),
    ]),
  ];
}

/** Kilobytes of what holds a connection: gateway and runtime. */
const memoryOfBoth = ({ pids }: Platform): readonly number[] =>
  ['gateway', 'runtime'].map((name) => memoryOf(pids[name] ?? NaN).private / 1_024);

async function round(platform: Platform, keys: readonly string[], subscribers: number) {
  const run = await startStory(platform);
  const audience = new Audience(subscribers);
  await audience.gather(platform, run, keys);
  await sleep(SETTLE_MS);
  const memory = memoryOfBoth(platform);
  await post(platform, '/v1/events', { key: 'paced', data: {} });
  await audience.hasHeard(PACED);
  const late = audience.lateMs.slice(0, PACED);
  const cpuBefore = cpuByProcess(platform.pids);
  await post(platform, '/v1/events', { key: 'burst', data: {} });
  await audience.hasHeard(PACED + BURST);
  const cpuAfter = cpuByProcess(platform.pids);
  const deliveries = BURST * subscribers;
  const cpu = (name: string): number => (((cpuAfter[name] ?? NaN) - (cpuBefore[name] ?? NaN)) / deliveries) * 1e6;
  const figures = {
    deliveriesPerS: deliveries / ((audience.lastAt.at(-1)! - audience.firstAt[PACED]!) / 1_000),
    ...{ gatewayCpuUs: cpu('gateway'), runtimeCpuUs: cpu('runtime'), clientCpuUs: cpu('client') },
    ...{ lastP50Ms: percentile(late, 50), lastP99Ms: percentile(late, 99) },
    ...{ missing: audience.missing(PACED + BURST), different: audience.different },
  };
  await audience.leave();
  await post(platform, `/v1/runs/${run}/cancel`, {});
  await sleep(SETTLE_MS);
  return { ...figures, memory };
}

/** A run that says nothing until it is sent `paced` and `burst`, and then one thing per task. @returns its id */
async function startStory(platform: Platform): Promise<string> {
  const frame = JSON.stringify({ run: 'run_'.padEnd(30, 'x'), seq: 100, type: 'task.asked', at: new Date(), data: {} });
  const question = 'x'.repeat(FRAME_BYTES - frame.length - `"task": "p10", "question": ""`.length);
  const gate = (id: string, key: string) => ({ id, agent: 'event', input: { key } });
  const asks = (id: string, after: string) => ({ id, agent: 'human', input: { question }, dependsOn: [after] });
  const paced = Array.from({ length: PACED }, (_, no) => [
    { id: `t${no}`, agent: 'timer', input: { delayMs: no * EVERY_MS }, dependsOn: ['paced'] },
    asks(`p${no}`, `t${no}`),
  ]);
  const burst = Array.from({ length: BURST }, (_, no) => asks(`b${no}`, `burst${no % 2}`));
  const gates = [gate('paced', 'paced'), gate('burst0', 'burst'), gate('burst1', 'burst')];
  const run = await post<{ id: string }>(platform, '/v1/runs', { tasks: [...gates, ...paced.flat(), ...burst] });
  const headers = { authorization: `Bearer ${platform.apiKey}` };
  await until('gates that wait', gates.length, async () => {
    const response = await fetch(`${platform.gateway}/v1/runs/${run.id}/waits`, { headers });
    const { items } = (await response.json()) as { items: readonly { kind: string }[] };
    return items.filter(({ kind }) => kind === 'event').length;
  });
  return run.id;
}

/** All who watch, and when they heard what. */
class Audience {
  /** When each event came to the first of them and, so far, to the last; in milliseconds since 1970. */
  readonly firstAt: number[] = [];
  readonly lastAt: number[] = [];
  /** When each was written, just before its commit. */
  private readonly writtenAt: number[] = [];
  /** What the first of them heard, and how often another one heard something else in its place. */
  private readonly texts: Buffer[] = [];
  different = 0;
  private subscribers: readonly Subscriber[] = [];

  constructor(private readonly size: number) {}

  /** Seats everybody, as many at a time as there are keys. */
  async gather({ gateway }: Platform, run: string, keys: readonly string[]): Promise<void> {
    const subscription = {
      port: Number(new URL(gateway).port),
      path: `/v1/runs/${run}/events?after=${FROM_NOW_ON}`,
      onMessage: (no: number, text: Buffer) => this.heard(no, text),
    };
    const seat = async (key: string, at: number): Promise<Subscriber[]> => {
      const seated: Subscriber[] = [];
      for (let no = at; no < this.size; no += keys.length) seated.push(await subscribe({ ...subscription, key }));
      return seated;
    };
    this.subscribers = (await Promise.all(keys.map(seat))).flat();
  }

  /** How long after it was written each event had come to the last. */
  get lateMs(): number[] {
    return this.lastAt.map((at, no) => at - (this.writtenAt[no] ?? NaN));
  }

  /** Resolves when everybody has heard so many, or nobody will any more. */
  async hasHeard(events: number): Promise<void> {
    const done = async () => this.subscribers.filter(({ received }) => received >= events).length;
    await until('subscribers served', this.size, done).catch(() => undefined); // told as missing
  }

  missing(events: number): number {
    return this.subscribers.reduce((sum, { received }) => sum + Math.abs(events - received), 0);
  }

  async leave(): Promise<void> {
    await Promise.all(this.subscribers.map((subscriber) => subscriber.close()));
  }

  private heard(no: number, text: Buffer): void {
    const now = performance.timeOrigin + performance.now();
    const known = this.texts[no];
    if (known === undefined) {
      this.texts[no] = Buffer.from(text);
      this.firstAt[no] = now;
      this.writtenAt[no] = Date.parse((JSON.parse(text.toString('utf8')) as { at: string }).at);
    } else if (!known.equals(text)) this.different++;
    this.lastAt[no] = now;
  }
}
