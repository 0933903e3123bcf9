/**
 * Which logs are published when: those that somebody waits for at once, the others now and then. What is placed is to be
 * published within a second of its acknowledgement; what entries wait for by these times and the sequencer's leaves some
 * of it for work, also when the replica that acknowledged or placed them dies (published-in-time.spec.ts).
 */
import { LOG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LogGuard } from './log-guard.js';
import { PostgresPublished } from './postgres-published.js';
import { PublishLog } from './publish-log.js';

/** A log that nobody waits for begins to be published at most this often: partial tiles are written again each time. */
const PAUSE_MS = 400;
/** Another replica publishes the log, and may have begun before what is to be published was there: it is asked for again. */
const BUSY_MS = 50;
/** Logs that one replica publishes at once. */
const AT_ONCE = 4;
/** Whoever placed it publishes it, unless it dies: what was there two looks ago and is not published is nobody's. */
const SWEEP_MS = 250;
/** After a failure, which may be everybody's. */
const RETRY_MS = 1_000;

@Injectable()
export class Publisher {
  /** Logs to publish, with the time from which on; those that cannot wait come first. */
  private readonly due = new Map<string, number>();
  /** From when on each is published again. */
  private readonly restsUntil = new Map<string, number>();
  /** How large logs were that were not all published, at the last look and at the one before. */
  private looks: readonly [ReadonlyMap<string, number>, ReadonlyMap<string, number>] = [new Map(), new Map()];
  private readonly working = new Set<string>();
  private readonly listeners = new Set<(tenantId: string) => void>();
  private readonly running = new Set<Promise<void>>();
  private sweeper: NodeJS.Timeout | undefined;
  private alarm: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(PublishLog) private readonly log: PublishLog,
    @Inject(PostgresPublished) private readonly published: PostgresPublished,
    @Inject(LogGuard) private readonly guard: LogGuard,
    @Inject(LOG) private readonly logger: Logger,
  ) {}

  start(): void {
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS);
    void this.sweep();
    void this.published
      .everyLog((db, logs) => this.guard.check(db, logs, { locked: false }))
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'logs are compared with their checkpoints when they grow');
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.sweeper);
    clearTimeout(this.alarm);
    await Promise.all(this.running);
  }

  /** Publishes a tenant's log, soon; at once when somebody waits for it. */
  kick(tenantId: string, { urgent }: { urgent: boolean }): void {
    const from = urgent ? 0 : (this.restsUntil.get(tenantId) ?? 0);
    this.due.set(tenantId, Math.min(from, this.due.get(tenantId) ?? Infinity));
    this.work();
  }

  /** Calls back after each log that was published here; the function it returns ends that. */
  onPublished(listener: (tenantId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async sweep(): Promise<void> {
    try {
      const found = await this.published.unpublished();
      const [last, before] = this.looks;
      this.looks = [new Map(found.map(({ tenantId, size }) => [tenantId, size])), last];
      for (const { tenantId, published } of found)
        if (published < (before.get(tenantId) ?? 0)) this.kick(tenantId, { urgent: false });
    } catch (error) {
      this.logger.warn({ err: error }, 'publishing will be tried again');
    }
  }

  private work(): void {
    clearTimeout(this.alarm);
    const now = performance.now();
    const waiting = [...this.due].filter(([tenantId]) => !this.working.has(tenantId)).sort(([, a], [, b]) => a - b);
    for (const [tenantId, from] of waiting) {
      if (this.stopped || this.working.size >= AT_ONCE) return;
      if (from > now) {
        this.alarm = setTimeout(() => this.work(), from - now);
        return;
      }
      this.due.delete(tenantId);
      this.working.add(tenantId);
      const done = this.publish(tenantId).finally(() => {
        this.working.delete(tenantId);
        this.running.delete(done);
        this.work();
      });
      this.running.add(done);
    }
  }

  private async publish(tenantId: string): Promise<void> {
    this.restsUntil.set(tenantId, performance.now() + PAUSE_MS);
    try {
      const moved = await this.published.alone(
        tenantId,
        async (tx, head) => head !== undefined && (await this.log.publish(tx, head)),
      );
      if (moved === undefined) this.due.set(tenantId, performance.now() + BUSY_MS);
      if (moved) for (const listener of this.listeners) listener(tenantId);
    } catch (error) {
      const retryAt = performance.now() + RETRY_MS;
      this.restsUntil.set(tenantId, retryAt);
      this.due.set(tenantId, retryAt);
      this.logger.error({ err: error, tenant: tenantId }, 'this log is not published; it will be tried again');
    }
  }
}
