import { randomBytes } from 'node:crypto';
import { ConclaveError, errorCatalogue } from '@conclave/contracts';
import { Database, isOutage } from '@conclave/postgres-kit';
import { hopelessness, mayHaveLost, retryDelayMs } from '@conclave/run-core';
import type { Logger } from 'pino';
import type { RuntimeConfig } from '../config.js';
import { LiveRuns } from '../runs/live-runs.js';
import { AgentHouse } from './agent-house.js';
import { Bells, type Hearer, type Make } from './bells.js';
import { Fenced, Paused, turnKey, type ClaimedTurn } from './claimed-turn.js';
import { Commands } from './commands.js';
import { activationOf } from './effects.js';
import { Engine } from './engine.js';
import { EngineMetrics } from './engine-metrics.js';
import type { Claim } from './postgres-claim.js';
import { tellResets } from './postgres-resets.js';
import { giveBack, unsettled } from './postgres-turns.js';
import { BEAT_MS, PostgresWorkers } from './postgres-workers.js';
import { turnOf } from './turn-of.js';

const SWEEP_MS = 1_000;
const REAP_MS = 75;
/** What has not ended by then is handed over as it is. */
const STOP_MS = 500;
const RETRY = { firstMs: 200, factor: 2, maxMs: 10_000 } as const;

/** What a worker works with. */
export interface WorkerParts {
  readonly engine: Engine;
  readonly db: Database;
  readonly workers: PostgresWorkers;
  readonly house: AgentHouse;
  readonly live: LiveRuns;
  readonly bells: Bells;
  readonly metrics: EngineMetrics;
  readonly log: Logger;
  readonly config: Pick<RuntimeConfig, 'WORKER_SLOTS' | 'WORKER_LEASE_MS'>;
}

/**
 * Claims ready turns, or takes them as they are made, and activates their agents, `slots` at a time. Woken by bells, of
 * this process and of others; a sweep finds what was not rung for. An outage sends a turn back untouched; a fault of the
 * agent counts, and after three the agent is asked to give up. So it is when its worker was lost under it five times: it
 * may be what kills them. Slow turns have half of the slots: whoever waits for programs keeps nobody else waiting. A
 * command that outlasts its turn holds no slot, but counts against that half.
 */
export class Worker implements Hearer {
  readonly id = `wrk_${randomBytes(10).toString('hex')}`;
  private readonly running = new Map<string, { turn: ClaimedTurn; abort: AbortController; done: Promise<void> }>();
  /** When the last beat that was answered began, by a clock that nobody sets and that goes on in a frozen process. */
  private beatAt = 0;
  private readonly commands: Commands;
  private timers: NodeJS.Timeout[] = [];
  private stopping = false;
  private claiming = false;
  /** Whether there was a bell since the last claim began. */
  private rung = false;
  /** Of which kind the last claim may have left some. */
  private left: Claim['left'] = { quick: false, slow: false };
  /** Calls under way that may give this worker turns. */
  private readonly asking = new Set<Promise<unknown>>();
  /** Slots kept for a claim under way, and for turns that are being made. */
  private claimable = 0;
  private makeable = 0;
  /** How many slots the next claim leaves for turns that may be made meanwhile. */
  private next = 0;
  /** Slow turns among those that run. */
  private slow = 0;
  private limit = 0;

  constructor(private readonly parts: WorkerParts) {
    this.commands = new Commands(parts, () => this.look());
  }

  /** Starts to work on as many turns at once as there are slots. */
  async start(): Promise<void> {
    this.limit = this.parts.config.WORKER_SLOTS;
    this.parts.metrics.slots.set(this.limit);
    this.beatAt = performance.now();
    await this.parts.workers.enlist(this.id);
    const every = (ms: number, work: () => Promise<unknown>): NodeJS.Timeout =>
      setInterval(
        () => void work().catch((error: unknown) => this.parts.log.warn({ err: error }, 'engine tick skipped')),
        ms,
      );
    this.timers = [
      every(SWEEP_MS, async () => void this.wake()),
      every(Math.min(BEAT_MS, this.parts.config.WORKER_LEASE_MS / 5), () => this.beat()),
      every(REAP_MS, async () => {
        if ((await this.parts.workers.reap(this.id)) > 0) this.parts.bells.ready();
      }),
    ];
    this.parts.bells.hear(this);
    this.wake();
  }

  /** Stops claiming, aborts what runs and hands it over. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.parts.bells.leave();
    for (const timer of this.timers) clearInterval(timer);
    const stopping = new Fenced('the worker is stopping');
    for (const { abort } of this.running.values()) abort.abort(stopping);
    await Promise.race([
      Promise.allSettled([
        ...this.asking,
        ...[...this.running.values()].map((r) => r.done),
        this.commands.stop(stopping),
      ]),
      new Promise((resolve) => setTimeout(resolve, STOP_MS).unref()),
    ]);
    await this.parts.workers
      .resign(this.id)
      .then(() => this.parts.bells.pass())
      .catch((error: unknown) => this.parts.log.warn({ err: error }, 'resignation failed; the lease will tell'));
  }

  /** Something can be claimed. @returns whether there is room for it here */
  wake(): boolean {
    this.rung = true;
    this.look();
    return !this.stopping && this.running.size + this.makeable < this.limit;
  }

  async make(wanted: number, make: Make): Promise<number> {
    if (this.stopping) return (await make()).length;
    const fits = this.free() >= wanted;
    const spare = this.limit - this.running.size - wanted;
    const room = { worker: this.id, spare, leaseMs: this.parts.config.WORKER_LEASE_MS };
    this.makeable = fits ? wanted : 0;
    try {
      const taken = await this.ask(make(fits ? room : undefined));
      for (const turn of taken) this.take(turn);
      // Where others wait, slots are for them.
      this.next = taken.length > 0 || (!fits && !this.left.quick) ? wanted : 0;
      return taken.length;
    } finally {
      this.makeable = 0;
      this.look();
    }
  }

  /** These runs were ended from outside: what is under way for them is in vain. */
  drop(runs: readonly string[]): void {
    for (const { turn, abort } of this.running.values())
      if (runs.includes(turn.runId)) abort.abort(new Fenced('the run was ended'));
    this.commands.drop(runs);
  }

  /** Claims while there is room and reason to. */
  private look(): void {
    if (this.claiming || this.stopping || !this.mayFind()) return;
    this.claiming = true;
    void this.claim().then((found) => {
      this.claiming = false;
      if (found && (this.left.quick || this.left.slow) && !this.mayFind()) this.parts.bells.pass();
      this.look();
    });
  }

  private mayFind(): boolean {
    if (this.free() <= 0) return false;
    return this.rung || this.left.quick || (this.left.slow && this.slowFree() > 0);
  }

  /** @returns whether it found any */
  private async claim(): Promise<boolean> {
    this.rung = false;
    this.left = { quick: false, slow: false };
    const capacity = {
      turns: Math.max(1, this.free() - this.next),
      slow: this.slowFree(),
      leaseMs: this.parts.config.WORKER_LEASE_MS,
    };
    this.claimable = capacity.turns;
    this.next = 0;
    try {
      const { turns, left } = await this.ask(this.parts.engine.claim(this.id, capacity));
      for (const turn of turns) this.take(turn);
      this.left = left;
      return turns.length > 0;
    } catch (error) {
      this.parts.log.warn({ err: error }, 'claim will be tried again');
      return false;
    } finally {
      this.claimable = 0;
    }
  }

  /** Waits for what may give this worker turns. */
  private ask<T>(call: Promise<T>): Promise<T> {
    const asked = call.finally(() => this.asking.delete(asked));
    this.asking.add(asked);
    return asked;
  }

  private take(turn: ClaimedTurn): void {
    if (this.stopping) return; // it is handed over with the rest
    const key = turnKey(turn);
    this.running.get(key)?.abort.abort(new Fenced('claimed again by its own worker'));
    if (turn.no === 1 && turn.attempt === 1) this.parts.live.changed(turn.runId, { begun: true });
    const abort = new AbortController();
    const done = this.activate(turn, abort)
      .catch((error: unknown) => {
        // What it has begun does not go on without it.
        abort.abort(error);
        return this.fail(turn, error);
      })
      .finally(() => {
        if (this.running.get(key)?.abort === abort) this.running.delete(key);
        if (turn.slow) this.slow--;
        this.parts.metrics.running.set(this.running.size);
        this.look();
      });
    this.running.set(key, { turn, abort, done });
    if (turn.slow) this.slow++;
    this.parts.metrics.running.set(this.running.size);
  }

  private free(): number {
    return this.limit - this.running.size - this.claimable - this.makeable;
  }

  private slowFree(): number {
    const slow = this.slow + this.commands.count;
    return Math.max(0, Math.max(1, Math.floor(this.limit / 2)) - slow);
  }

  private readonly mustHold = (): void => {
    if (mayHaveLost(this.beatAt, this.parts.config.WORKER_LEASE_MS, performance.now()))
      throw new Fenced('the lease may be over');
  };

  private async activate(claimed: ClaimedTurn, abort: AbortController): Promise<void> {
    const { signal } = abort;
    const agent = this.parts.house.agents.get(claimed.agent);
    if (!agent) throw new Error(`no agent ${claimed.agent} here`);
    const { engine, db, live } = this.parts;
    const turn = turnOf(claimed, signal, { engine, db, live, mustHold: this.mustHold });
    const activation = await activationOf(agent, turn, hopelessness(claimed));
    signal.throwIfAborted();
    const ends = claimed.taskId === 'root' && activation.kind !== 'parked';
    const ending = ends ? await this.parts.house.endingOf(claimed, activation) : undefined;
    claimed.ending = true;
    await this.parts.engine.finish({ turn: claimed, activation, ending });
    if (activation.kind === 'parked' && activation.goesOn) this.commands.follow(claimed, abort, activation.goesOn);
    this.parts.metrics.turns.inc({ outcome: activation.kind });
    this.parts.live.changed(claimed.runId);
    if (activation.kind !== 'parked' && this.parts.house.keeps(claimed.agent)) await this.settle(claimed.runId);
  }

  /** What was kept for a run goes when nothing of it is left to do. */
  private async settle(runId: string): Promise<void> {
    try {
      const left = await this.parts.db.system((tx) => unsettled(tx, [runId]));
      if (!left.has(runId)) await this.parts.house.settled(runId);
    } catch (error) {
      this.parts.log.warn({ err: error }, 'not tidied up yet');
    }
  }

  /** Sorts what went wrong: not ours any more, an outage, a refusal that will pass, or a fault of the agent. */
  private async fail(turn: ClaimedTurn, error: unknown): Promise<void> {
    if (error instanceof Fenced) return this.parts.metrics.turns.inc({ outcome: 'fenced' });
    if (error instanceof Paused) {
      this.parts.metrics.turns.inc({ outcome: 'paused' });
      return this.giveBack(turn, 0);
    }
    const passing = isOutage(error) || (error instanceof ConclaveError && 'retryable' in errorCatalogue[error.code]);
    const message = error instanceof Error ? error.message : String(error);
    this.parts.log.warn({ err: error, run: turn.runId, task: turn.taskId, passing }, 'turn goes back');
    this.parts.metrics.turns.inc({ outcome: passing ? 'outage' : 'fault' });
    const delayMs = retryDelayMs(RETRY, turn.attempt, Math.random());
    // What was done is not done again for what failed after it.
    await this.parts.engine
      .keepLast(turn)
      .catch((fault: unknown) => this.parts.log.warn({ err: fault }, 'last step not kept; it will be done again'));
    await this.giveBack(turn, delayMs, passing ? undefined : message);
    setTimeout(() => this.parts.bells.ready(), delayMs + 10).unref();
  }

  private async giveBack(turn: ClaimedTurn, delayMs: number, failure?: string): Promise<void> {
    await this.parts.db
      .system(async (tx) => {
        const lost = await giveBack(tx, turn, delayMs, failure);
        if (turn.spoken) await tellResets(tx, lost);
      })
      .catch((fault: unknown) => this.parts.log.warn({ err: fault }, 'turn not given back; its lease will end'));
  }

  /**
   * Extends the leases and compares what the database holds in this worker's name with what it knows. Only turns known
   * before the beat can have been lost by it, and what was listed is nobody's when no call that was under way then has
   * brought it: its answer was lost.
   */
  private async beat(): Promise<void> {
    const known = new Set(this.running.keys());
    const begunAt = performance.now();
    const turns = await this.parts.workers.beat(this.id);
    if (turns === undefined) await this.parts.workers.enlist(this.id);
    this.beatAt = begunAt;
    const held = new Map((turns ?? []).map((turn) => [turnKey(turn), turn]));
    for (const [key, { turn, abort }] of this.running)
      if (known.has(key) && !held.has(key) && !turn.ending) abort.abort(new Fenced('the lease was lost'));
    await this.commands.check(this.id);
    for (const key of known) held.delete(key);
    if (held.size === 0) return;
    await Promise.allSettled(this.asking);
    const unknown = [...held].filter(([key]) => !this.running.has(key)).map(([, turn]) => turn);
    if (unknown.length === 0) return;
    await this.parts.workers.disown(this.id, unknown);
    this.parts.bells.ready();
  }
}
