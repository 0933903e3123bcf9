import { LOG, METRICS, type ResourceFactory } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { AWAITED } from './awaited.js';
import { PostgresSequence, type Sequenced } from './postgres-sequence.js';
import { Publisher } from './publisher.js';

/** What is staged by another replica is found within this time. */
const SWEEP_MS = 500;

/**
 * Gives staged entries their place. Any number of replicas may try: the log's row lock lets one win, and the others
 * take the logs that are free. A checkpoint is public only after its transaction has committed.
 */
@Injectable()
export class Sequencer {
  private running: Promise<void> | undefined;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
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
    this.timer = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Sequences what waits, soon. */
  kick(): void {
    this.again = true;
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
  }

  private async drain(): Promise<void> {
    while (this.again) {
      this.again = false;
      try {
        for (let after = ''; ;) {
          const tenants = await this.log.waitingTenants(after);
          if (tenants.length === 0) break;
          after = tenants.at(-1)!;
          if (await this.sequence(tenants)) this.again = true;
        }
      } catch (error) {
        this.logger.warn({ err: error }, 'sequencing will be tried again');
        return;
      }
    }
  }

  /** All in one transaction; when it fails, each log in one of its own: one that cannot grow keeps no other from it. */
  private async sequence(tenants: readonly string[]): Promise<boolean> {
    try {
      return this.told(await this.log.sequence(tenants));
    } catch (error) {
      if (tenants.length > 1) {
        let any = false;
        for (const tenant of tenants) any = (await this.sequence([tenant])) || any;
        return any;
      }
      this.logger.error({ err: error, tenant: tenants[0] }, 'this log is not sequenced; it will be tried again');
      return false;
    }
  }

  private told(sequenced: readonly Sequenced[]): boolean {
    for (const { tenantId, taken, types } of sequenced) {
      this.sequenced.inc(taken);
      this.publisher.kick(tenantId, { urgent: AWAITED.some((type) => types.has(type)) });
    }
    return sequenced.length > 0;
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
