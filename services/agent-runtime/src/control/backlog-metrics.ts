import { setTimeout as after } from 'node:timers/promises';
import type { Database } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { readBacklog } from './postgres-backlog.js';

const EVERY_MS = 5_000;
/** A look that takes long is followed by so many times as long without one. */
const REST = 20;
const LONGEST_REST_MS = 60_000;

/**
 * Tells how much waits for workers, to whoever decides how many there are. Every process with the role tells the same of
 * the whole installation; one that cannot ask tells nothing.
 */
export class BacklogMetrics {
  private readonly stopping = new AbortController();
  private readonly ready: Gauge;
  private readonly running: Gauge;
  private readonly slots: Gauge;
  private readonly ratio: Gauge;
  private readonly oldest: Gauge;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly db: Database,
    private readonly log: Logger,
    metrics: Registry,
    private readonly leaseMs: number,
  ) {
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `conclave_backlog_${name}`, help, registers: [metrics] });
    this.ready = gauge('ready_turns', 'Turns that wait for a worker, of all tenants.');
    this.running = gauge('running_turns', 'Turns under way, in all workers.');
    this.slots = gauge('slots', 'Turns that all live workers together run at once.');
    this.ratio = gauge('ratio', 'Turns ready and running, per slot; with no slot as if there were one.');
    this.oldest = gauge('oldest_ready_seconds', 'How long the turn that became ready first has waited.');
    this.forget(); // a new gauge says 0
  }

  start(): void {
    this.loop = this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    this.forget();
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const tookMs = await this.look();
      const restMs = Math.min(LONGEST_REST_MS, Math.max(EVERY_MS, REST * tookMs));
      await after(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns how long it took, in milliseconds; 0 when it failed */
  private async look(): Promise<number> {
    const begin = performance.now();
    try {
      const { ready, running, slots, oldestReadySeconds } = await readBacklog(this.db, this.leaseMs);
      this.ready.set(ready);
      this.running.set(running);
      this.slots.set(slots);
      this.ratio.set((ready + running) / Math.max(1, slots));
      this.oldest.set(oldestReadySeconds);
      return performance.now() - begin;
    } catch (error) {
      this.forget();
      this.log.warn({ err: error }, 'the backlog is not known');
      return 0;
    }
  }

  /** What was true once would have workers come and go for nothing. */
  private forget(): void {
    for (const gauge of [this.ready, this.running, this.slots, this.ratio, this.oldest]) gauge.remove();
  }
}
