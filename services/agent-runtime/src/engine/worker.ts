import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, errorCatalogue } from '@conclave/contracts';
import { KIT, type Kit } from '@conclave/nest-kit';
import { isOutage } from '@conclave/postgres-kit';
import { retryDelayMs } from '@conclave/run-core';
import type { Logger } from 'pino';
import { Counter, Gauge } from 'prom-client';
import { LiveRuns } from '../runs/live-runs.js';
import { AgentHouse } from './agent-house.js';
import type { Json, Turn } from './agent-port.js';
import type { ClaimedTurn, TurnKey } from './claimed-turn.js';
import { Fenced, PostgresEngine, type TurnMaterial } from './postgres-engine.js';
import { journalForm } from './journal-form.js';
import { BEAT_MS, PostgresWorkers } from './postgres-workers.js';

const SWEEP_MS = 1_000;
const REAP_MS = 250;
/** Activations that may throw, and workers that may be lost, before the agent is asked to give up. */
const MAX_FAILURES = 3;
const MAX_LOST = 5;
const RETRY = { firstMs: 200, factor: 2, maxMs: 10_000 } as const;

/**
 * Claims ready turns and activates their agents, `slots` at a time. Woken by commits in this process and by a sweep
 * for those of others. An outage sends a turn back untouched; a fault of the agent counts, and after three the agent
 * is asked to give up. So it is when its worker was lost under it five times: it may be what kills them. Slow turns
 * have half of the slots: whoever waits for programs keeps nobody else waiting.
 */
@Injectable()
export class Worker {
  readonly id = `wrk_${randomBytes(10).toString('hex')}`;
  private readonly running = new Map<string, { turn: ClaimedTurn; abort: AbortController; done: Promise<void> }>();
  private timers: NodeJS.Timeout[] = [];
  private stopping = false;
  private claiming = false;
  private again = false;
  /** Claims begun so far. */
  private claims = 0;
  private limit = 0;
  private readonly log: Logger;
  private readonly turns: Counter;
  private readonly slots: Gauge;

  constructor(
    @Inject(PostgresEngine) private readonly engine: PostgresEngine,
    @Inject(PostgresWorkers) private readonly workers: PostgresWorkers,
    @Inject(AgentHouse) private readonly house: AgentHouse,
    @Inject(LiveRuns) private readonly live: LiveRuns,
    @Inject(KIT) { log, metrics }: Kit,
  ) {
    this.log = log;
    this.turns = new Counter({
      name: 'conclave_turns_total',
      help: 'Turns ended, by outcome.',
      labelNames: ['outcome'],
      registers: [metrics],
    });
    const running = this.running;
    new Gauge({
      name: 'conclave_turns_running',
      help: 'Turns under way in this worker.',
      registers: [metrics],
      collect() {
        this.set(running.size);
      },
    });
    this.slots = new Gauge({
      name: 'conclave_worker_slots',
      help: 'Turns this worker runs at once.',
      registers: [metrics],
    });
  }

  /** Starts to work on up to `slots` turns at once. */
  async start(slots: number): Promise<void> {
    this.limit = slots;
    this.slots.set(slots);
    await this.workers.enlist(this.id);
    const every = (ms: number, work: () => Promise<unknown>): NodeJS.Timeout =>
      setInterval(
        () => void work().catch((error: unknown) => this.log.warn({ err: error }, 'engine tick skipped')),
        ms,
      );
    this.timers = [
      every(SWEEP_MS, async () => this.wake()),
      every(SWEEP_MS, async () => {
        if ((await this.engine.expireWaits()) > 0) this.wake();
      }),
      every(BEAT_MS, () => this.beat()),
      every(REAP_MS, async () => {
        if ((await this.workers.reap(this.id)) > 0) this.wake();
      }),
    ];
    this.wake();
  }

  /** Stops claiming, aborts what runs and hands it over. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearInterval(timer);
    for (const { abort } of this.running.values()) abort.abort(new Fenced('the worker is stopping'));
    await Promise.race([
      Promise.all([...this.running.values()].map((r) => r.done)),
      new Promise((resolve) => setTimeout(resolve, 2_000).unref()),
    ]);
    await this.workers
      .resign(this.id)
      .catch((error: unknown) => this.log.warn({ err: error }, 'resignation failed; the lease will tell'));
  }

  /** Looks for ready turns, soon. */
  wake(): void {
    this.again = true;
    if (this.claiming || this.stopping) return;
    this.claiming = true;
    void this.claimAll().finally(() => {
      this.claiming = false;
      if (this.again && this.running.size < this.limit) this.wake();
    });
  }

  private async claimAll(): Promise<void> {
    while (this.again && !this.stopping) {
      this.again = false;
      this.claims++;
      const free = this.limit - this.running.size;
      if (free <= 0) return;
      try {
        const turns = await this.engine.claim(this.id, free, this.slowFree());
        for (const turn of turns) this.take(turn);
        if (turns.length === free) this.again = true;
      } catch (error) {
        this.log.warn({ err: error }, 'claim will be tried again');
      }
    }
  }

  private take(turn: ClaimedTurn): void {
    const key = keyOf(turn);
    this.running.get(key)?.abort.abort(new Fenced('claimed again by its own worker'));
    const abort = new AbortController();
    const done = this.activate(turn, abort.signal)
      .catch((error: unknown) => this.fail(turn, error))
      .finally(() => {
        if (this.running.get(key)?.abort === abort) this.running.delete(key);
        this.wake();
      });
    this.running.set(key, { turn, abort, done });
  }

  private slowFree(): number {
    const slow = [...this.running.values()].filter(({ turn }) => turn.slow).length;
    return Math.max(0, Math.max(1, Math.floor(this.limit / 2)) - slow);
  }

  private async activate(claimed: ClaimedTurn, signal: AbortSignal): Promise<void> {
    const material = await this.engine.material(claimed);
    const agent = this.house.agents.get(material.agent);
    if (!agent) throw new Error(`no agent ${material.agent} here`);
    await this.engine.begin(claimed, this.id);
    const turn = this.turnOf(claimed, material, signal);
    const hopeless = hopelessness(claimed);
    const activation = journalForm(hopeless ? await agent.giveUp(turn, hopeless) : await agent.activate(turn));
    signal.throwIfAborted();
    const settled = await this.engine.finish(claimed, this.id, activation, (tx) =>
      this.house.endingOf(tx, claimed, activation),
    );
    this.turns.inc({ outcome: activation.kind });
    this.live.changed(claimed.runId);
    if (settled)
      await this.house
        .settled(claimed.runId)
        .catch((error: unknown) => this.log.warn({ err: error }, 'not tidied up yet'));
  }

  private turnOf(claimed: ClaimedTurn, material: TurnMaterial, signal: AbortSignal): Turn {
    const { tenantId, runId, taskId } = claimed;
    const record = async (
      name: string,
      result: Json,
      story: Parameters<PostgresEngine['recordStep']>[4],
    ): Promise<void> => {
      signal.throwIfAborted();
      await this.engine.recordStep(claimed, this.id, name, result, story);
      material.journal.set(name, result);
      if (story?.length) this.live.changed(runId);
    };
    return {
      tenantId,
      runId,
      taskId,
      signal,
      input: material.input,
      runInput: material.runInput,
      answer: material.answer,
      step: async <T extends Json>(name: string, work: () => Promise<T>): Promise<T> => {
        if (material.journal.has(name)) return material.journal.get(name) as T;
        signal.throwIfAborted();
        const result = journalForm(await work());
        await record(name, result, []);
        return result;
      },
      tell: async (name, type, data) => {
        if (!material.journal.has(`tell/${name}`)) await record(`tell/${name}`, true, [{ type, data }]);
      },
      stepsOf: (name) => this.engine.stepsOf(claimed, name),
    };
  }

  /** Sorts what went wrong: not ours any more, an outage, a refusal that will pass, or a fault of the agent. */
  private async fail(turn: ClaimedTurn, error: unknown): Promise<void> {
    if (error instanceof Fenced) return this.turns.inc({ outcome: 'fenced' });
    const passing = isOutage(error) || (error instanceof ConclaveError && 'retryable' in errorCatalogue[error.code]);
    const message = error instanceof Error ? error.message : String(error);
    this.log.warn({ err: error, run: turn.runId, task: turn.taskId, passing }, 'turn goes back');
    this.turns.inc({ outcome: passing ? 'outage' : 'fault' });
    const delayMs = retryDelayMs(RETRY, turn.attempt, Math.random());
    await this.engine
      .giveBack(turn, this.id, delayMs, passing ? undefined : message)
      .catch((fault: unknown) => this.log.warn({ err: fault }, 'turn not given back; its lease will end'));
    setTimeout(() => this.wake(), delayMs + 10).unref();
  }

  /**
   * Extends the leases and compares what the database holds in this worker's name with what it knows. Only turns known
   * before the beat can have been lost by it, and only while nothing is being claimed can a turn be nobody's.
   */
  private async beat(): Promise<void> {
    const known = new Set(this.running.keys());
    const claims = this.claiming ? undefined : this.claims;
    const turns = await this.workers.beat(this.id);
    if (turns === undefined) await this.workers.enlist(this.id);
    const held = new Map((turns ?? []).map((turn) => [keyOf(turn), turn]));
    for (const [key, { abort }] of this.running)
      if (known.has(key) && !held.has(key)) abort.abort(new Fenced('the lease was lost'));
    if (this.claiming || claims !== this.claims) return;
    const unknown = [...held].filter(([key]) => !known.has(key) && !this.running.has(key)).map(([, turn]) => turn);
    if (unknown.length === 0) return;
    await this.workers.disown(this.id, unknown);
    this.wake();
  }
}

/** Why a turn is not tried again, if it is not. */
function hopelessness({ failures, lost, lastError }: ClaimedTurn): string | undefined {
  if (failures >= MAX_FAILURES) return lastError ?? 'unknown';
  return lost >= MAX_LOST ? `its worker died or froze ${lost} times` : undefined;
}

const keyOf = ({ runId, taskId, no }: TurnKey): string => `${runId}/${taskId}/${no}`;
