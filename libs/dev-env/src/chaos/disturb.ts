/** What befalls the installation, as a seed has it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stores } from '../stores/stores.js';
import type { Crew } from './crew.js';
import type { Front } from './front.js';
import type { Disturbance } from './history.js';
import { now } from './now.js';
import { pick } from './random.js';

/** What is to befall it, so long after the one before. */
export interface Fault {
  readonly kind: Disturbance['kind'];
  readonly afterMs: number;
  /** How long a freeze or an outage lasts. */
  readonly lastsMs: number;
  /** Whom it meets, from 0 to 1 of those that are up. */
  readonly whom: number;
}

/** What can be met. */
export interface Scene {
  readonly crew: Crew;
  readonly stores: Stores;
  /** Where clients come in, if any do. */
  readonly front: Front | undefined;
}

/** Of a dozen, and what comes on top where there is an edge. */
const WEIGHTS: readonly Disturbance['kind'][] = [
  ...(['kill', 'kill', 'kill', 'kill', 'kill'] as const),
  ...(['freeze', 'freeze', 'freeze'] as const),
  ...(['postgres', 'postgres', 'nats', 'redis'] as const),
];
const EDGE = ['edge', 'edge', 'edge', 'edge'] as const;

/** Without an end. Freezes last longer than a lease, most of them. */
export function* faultsOf(random: () => number, leaseMs: number, edge: boolean): Generator<Fault, never> {
  const kinds = edge ? [...WEIGHTS, ...EDGE] : WEIGHTS;
  for (;;)
    yield {
      kind: pick(kinds, random),
      afterMs: 300 + random() * 1_500,
      lastsMs: leaseMs * (0.8 + random()),
      whom: random(),
    };
}

/** Lets faults happen one after the other until there are no more or it is told to stop. */
export async function disturb(
  faults: Iterable<Fault>,
  scene: Scene,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Disturbance[]> {
  const happened: Disturbance[] = [];
  for (const { kind, afterMs, lastsMs, whom } of faults) {
    await Promise.all([scene.crew.recovered(), scene.front?.recovered()]);
    await sleep(afterMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const from = now();
    const process = await befall(kind, lastsMs, whom, scene);
    say(`${kind} ${process ?? ''} for ${Math.round(now() - from)} ms`);
    if (process !== 'nobody') happened.push({ kind, from, to: now(), ...(process && { process }) });
  }
  return happened;
}

async function befall(
  kind: Disturbance['kind'],
  ms: number,
  whom: number,
  { crew, stores, front }: Scene,
): Promise<string | undefined> {
  if (kind === 'kill') return (await crew.kill(whom)) ?? 'nobody';
  if (kind === 'freeze') return (await crew.freeze(whom, ms)) ?? 'nobody';
  if (kind === 'edge') return (await front?.fell(whom)) ?? 'nobody';
  if (kind === 'nats') await stores.wipeNats();
  else if (kind === 'redis') await stores.wipeRedis();
  else {
    await stores.kill9('postgres');
    await sleep(ms / 2);
    await stores.start('postgres');
    await sleep(2 * ms); // reapers trust what they see again
  }
  return undefined;
}
