/**
 * The engine as `npm run bench -- engine` measures it: all that a worker's process has in production, roles, events and
 * metrics, with agents whose model is made up. The bench loads this module by its path into a process of its own.
 */
import { newId } from '@conclave/contracts';
import { Engine } from '../engine/engine.js';
import type { Finish } from '../engine/postgres-finish.js';
import type { PostgresWorkers } from '../engine/postgres-workers.js';
import { openEngineProcess, type EngineProcessOptions } from '../testing/engine-process.js';
import { benchAgents, type BenchInput } from './bench-agents.js';

interface Options extends Pick<EngineProcessOptions, 'environment' | 'slots' | 'relays'> {
  readonly hangs?: boolean;
}

interface Job {
  readonly tenant: number;
  readonly payload: string;
  readonly steps: number;
  readonly modelMs: number;
}

/** Runs that nobody waits for. */
interface Flood extends Omit<Job, 'tenant'> {
  readonly count: number;
  readonly tenants: number;
  readonly agent?: 'steps' | 'waiter';
  readonly effects?: boolean;
}

interface Claims {
  readonly turns: number;
  readonly times: number;
}

/** So many are on their way at once when runs are created that nobody waits for. */
const CREATES = 512;

/** When a run came how far. */
interface Watch {
  readonly tenant: number;
  readonly at: { asked: number; created: number; begun: number; ending: number };
  readonly done: () => void;
}

/** What a run took to be created, to be begun after that, to do its steps, and to end. */
interface Phases {
  readonly tenant: number;
  readonly createMs: number;
  readonly claimMs: number;
  readonly stepsMs: number;
  readonly endMs: number;
}

/** An engine that tells whoever waits for a run when its end is durable, and where its time went. */
class WatchedEngine extends Engine {
  private readonly watched = new Map<string, Watch>();
  /** Kept from when they were first asked for. */
  private phases: Phases[] | undefined;

  /** @returns its end */
  watch(runId: string, tenant: number): Promise<void> {
    const now = performance.now();
    const at = { asked: now, created: now, begun: now, ending: now };
    return new Promise((done) => this.watched.set(runId, { tenant, at, done }));
  }

  is(runId: string, what: keyof Watch['at']): void {
    const watch = this.watched.get(runId);
    if (watch) watch.at[what] = performance.now();
  }

  /** Of all runs since the last time. */
  takePhases(): Phases[] {
    const all = this.phases ?? [];
    this.phases = [];
    return all;
  }

  override async finish(finish: Finish): Promise<void> {
    const { runId } = finish.turn;
    this.is(runId, 'ending');
    await super.finish(finish);
    const watch = this.watched.get(runId);
    this.watched.delete(runId);
    if (!watch) return;
    const { tenant, at } = watch;
    // A turn that its worker takes as it is made may be under way before its creation is answered.
    const created = Math.min(at.created, at.begun);
    this.phases?.push({
      ...{ tenant, createMs: created - at.asked, claimMs: at.begun - created },
      ...{ stepsMs: at.ending - at.begun, endMs: performance.now() - at.ending },
    });
    watch.done();
  }
}

export async function open({ hangs = false, ...options }: Options) {
  /** Kept from when they were first asked for. */
  let stepMs: number[] | undefined;
  const { engine, workers, close } = await openEngineProcess(
    options,
    (...parts) => new WatchedEngine(...parts),
    (watched, { db }) =>
      benchAgents({
        ...{ db, hangs },
        onBegin: (run) => watched.is(run, 'begun'),
        onStep: (ms) => stepMs?.push(ms),
      }),
  );
  const tenants: string[] = [];
  const tenantOf = (no: number): string => (tenants[no] ??= newId('tenant'));
  const create = (id: string, tenant: number, agent: string, input: BenchInput): Promise<void> =>
    engine.create({
      ...{ id, tenantId: tenantOf(tenant), workspaceId: 'wsp_bench', kind: 'agent', title: 'bench' },
      ...{ actor: 'service:runtime', agent, input: { ...input } },
    });

  return {
    async run({ tenant, payload: text, steps, modelMs }: Job): Promise<void> {
      const id = newId('run');
      const ended = engine.watch(id, tenant);
      await create(id, tenant, 'steps', { text, steps, modelMs });
      engine.is(id, 'created');
      await ended;
    },
    operations: {
      async create({ count, tenants: among, agent = 'steps', payload: text, ...input }: Flood): Promise<void> {
        let next = 0;
        const creator = async (): Promise<void> => {
          for (let no = next++; no < count; no = next++)
            await create(newId('run'), no % among, agent, { ...input, text, no });
        };
        await Promise.all(Array.from({ length: CREATES }, creator));
      },
      tenantId: (no: number): Promise<string> => Promise.resolve(tenantOf(no)),
      phases: (): Promise<Phases[]> => Promise.resolve(engine.takePhases()),
      claim: (wanted: Claims): Promise<number[]> => timedClaims(engine, workers, wanted),
      /** What the steps since the last time cost beyond the model, in order. */
      async stepMs(): Promise<number[]> {
        const all = stepMs ?? [];
        stepMs = [];
        return all;
      },
    },
    close,
  };
}

/** How long claims of so many turns take, one after the other; what is claimed stays claimed. */
async function timedClaims(engine: Engine, workers: PostgresWorkers, { turns, times }: Claims): Promise<number[]> {
  const id = 'wrk_bench';
  await workers.enlist(id);
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const begin = performance.now();
    const claimed = await engine.claim(id, { turns, slow: turns, leaseMs: 600_000 });
    took.push(performance.now() - begin);
    if (claimed.turns.length !== turns) throw new Error(`claimed ${claimed.turns.length} of ${turns}`);
  }
  return took;
}
