import { setTimeout as after } from 'node:timers/promises';
import type { Database } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Work that is nobody's request: it looks for what is due, does a bounded part of it, and comes again. */
export interface ControlJob {
  readonly name: string;
  readonly everyMs: number;
  /** Does what is due, in transactions of its own; safe to be done again, and by two at once. */
  run(): Promise<void>;
}

const TICK_MS = 100;

/**
 * Runs lanes of jobs side by side, and those of a lane one after the other: a lane never holds more than two
 * connections, and waits for no other. Each tick holds a transaction lock: any replica may do it, none has to be elected, and one that dies lets go. Jobs are idempotent on
 * their own; the lock only saves the work of finding nothing twice.
 */
export class Control {
  private readonly stopping = new AbortController();
  private readonly ticks: Counter;
  private loops: readonly Promise<void>[] = [];

  constructor(
    private readonly db: Database,
    private readonly log: Logger,
    metrics: Registry,
    private readonly lanes: readonly (readonly ControlJob[])[],
  ) {
    this.ticks = new Counter({
      name: 'conclave_control_ticks_total',
      help: 'Ticks of the jobs of the control role; `busy` were another replica’s.',
      labelNames: ['job', 'outcome'],
      registers: [metrics],
    });
  }

  start(): void {
    this.loops = this.lanes.map((jobs) => this.turn(new Map(jobs.map((job) => [job, 0]))));
  }

  /** Resolves when the ticks under way have ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async turn(dueAt: Map<ControlJob, number>): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      for (const [job, at] of dueAt) {
        if (signal.aborted || performance.now() < at) continue;
        await this.tick(job);
        dueAt.set(job, performance.now() + job.everyMs);
      }
      await after(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async tick(job: ControlJob): Promise<void> {
    try {
      const ours = await this.db.system(async (tx) => {
        const lock = await tx.one<{ ours: boolean }>(
          // Nothing is said in this transaction while the job works.
          `select pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/control/' || $1, 0)) as ours,
             set_config('idle_in_transaction_session_timeout', '0', true)`,
          [job.name],
        );
        if (lock?.ours) await job.run();
        return lock?.ours === true;
      });
      this.ticks.inc({ job: job.name, outcome: ours ? 'run' : 'busy' });
    } catch (error) {
      this.ticks.inc({ job: job.name, outcome: 'failure' });
      this.log.warn({ err: error, job: job.name }, 'control tick failed; the next one tries again');
    }
  }
}
