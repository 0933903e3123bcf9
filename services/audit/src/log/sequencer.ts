import { LOG, METRICS, type ResourceFactory } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { AWAITED } from './awaited.js';
import { PostgresSequence, type Sequenced } from './postgres-sequence.js';
import { Publisher } from './publisher.js';

/** What is staged by another replica, which has died since, is found within this time. */
const SWEEP_MS = 250;
/** Between rounds that nobody waits for: entries that come meanwhile share a checkpoint, which is most of their cost. */
const REST_MS = 150;
/** A round that took so many has left some: the next one follows at once. */
const MANY = 1_000;

/**
 * Gives staged entries their place. Any number of replicas may try: the log's row lock lets one win, and the others
 * take the logs that are free. A checkpoint is public only after its transaction has committed.
 */
@Injectable()
export class Sequencer {
  private running: Promise<void> | undefined;
  /** When the next round may begin that nobody waits for. */
  private restsUntil = 0;
  private due = false;
  private urgent = false;
  private stopped = false;
  private sweeper: NodeJS.Timeout | undefined;
  private alarm: NodeJS.Timeout | undefined;
  private readonly sequenced: Counter;

  constructor(
    @Inject(PostgresSequence) private readonly log: PostgresSequence,
    @Inject(Publisher) private readonly publisher: Publisher,
    @Inject(LOG) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.sequenced = new Counter({
      name: 'conclave_audit_entries_total',
      help: 'Entries given a place in a log.',
      registers: [metrics],
    });
  }

  start(): void {
    this.sweeper = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  async stop(): Promise<void> {
    clearInterval(this.sweeper);
    clearTimeout(this.alarm);
    this.stopped = true;
    await this.running;
  }

  /** Sequences what waits, soon; at once when somebody waits for it. */
  kick({ urgent = false } = {}): void {
    this.due = true;
    this.urgent ||= urgent;
    this.work();
  }

  private work(): void {
    clearTimeout(this.alarm);
    if (this.running || !this.due || this.stopped) return;
    const restMs = this.urgent ? 0 : this.restsUntil - performance.now();
    if (restMs > 0) {
      this.alarm = setTimeout(() => this.work(), restMs);
      return;
    }
    this.running = this.round().finally(() => {
      this.running = undefined;
      this.work();
    });
  }

  /** Goes over all tenants with a stage, and over all of them again while some have a long one. */
  private async round(): Promise<void> {
    this.due = this.urgent = false;
    const behind = new Map<string, string>();
    try {
      for (let again = true; again;) {
        again = false;
        for (let after: string | undefined = ''; after !== undefined;) {
          const tenants: readonly string[] = await this.log.waitingTenants(after);
          if (tenants.length > 0 && (await this.sequence(tenants, behind)) >= MANY) again = true;
          after = tenants.at(-1);
        }
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'sequencing will be tried again');
    }
    this.restsUntil = performance.now() + REST_MS;
  }

  /** All in one transaction; when it fails, each log in one of its own: one that cannot grow keeps no other from it. */
  private async sequence(tenants: readonly string[], behind: Map<string, string>): Promise<number> {
    try {
      const { sequenced, busy } = await this.log.sequence(tenants, behind);
      // What was staged while another replica had the log is in nobody's round: this one looks again, after its rest.
      this.due ||= busy;
      for (const { tenantId, last } of sequenced) behind.set(tenantId, last);
      return this.told(sequenced);
    } catch (error) {
      if (tenants.length > 1) {
        let taken = 0;
        for (const tenant of tenants) taken += await this.sequence([tenant], behind);
        return taken;
      }
      this.logger.error({ err: error, tenant: tenants[0] }, 'this log is not sequenced; it will be tried again');
      return 0;
    }
  }

  private told(sequenced: readonly Sequenced[]): number {
    for (const { tenantId, types } of sequenced)
      this.publisher.kick(tenantId, { urgent: AWAITED.some((type) => types.has(type)) });
    const taken = sequenced.reduce((sum, one) => sum + one.taken, 0);
    this.sequenced.inc(taken);
    return taken;
  }
}

/** Runs the sequencer and the publisher with the service. */
export function sequencing(): ResourceFactory<unknown> {
  return async () => {
    let running: { sequencer: Sequencer; publisher: Publisher } | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        running = { sequencer: app.get(Sequencer), publisher: app.get(Publisher) };
        running.publisher.start();
        running.sequencer.start();
      },
      async stop() {
        await running?.sequencer.stop();
        await running?.publisher.stop();
      },
    };
  };
}
