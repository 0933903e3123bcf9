import { LOG, type ResourceFactory } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { BallotBox } from './ballot-box.js';
import { PostgresDecisions } from './postgres-decisions.js';

/** A deadline is noticed within this time. */
const SWEEP_MS = 1_000;
const BATCH = 100;

/** Ends the waiting for decisions whose deadline has passed. Any number of replicas may sweep: the row lock decides. */
@Injectable()
export class Deadlines {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(BallotBox) private readonly box: BallotBox,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running ??= this.sweep().finally(() => (this.running = undefined));
    }, SWEEP_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    try {
      for (const { tenant_id: tenantId, id } of await this.db.system((tx) => this.decisions.due(tx, BATCH)))
        await this.expire(tenantId, id);
    } catch (error) {
      this.log.warn({ err: error }, 'deadlines will be swept again');
    }
  }

  /** One decision that cannot be ended keeps no other from ending. */
  private async expire(tenantId: string, id: string): Promise<void> {
    try {
      await this.box.expire({ tenantId, actor: 'service:consensus' }, id);
    } catch (error) {
      this.log.error({ err: error, decision: id }, 'deadline not carried out');
    }
  }
}

/** Runs the sweep with the service. */
export function deadlines(): ResourceFactory<unknown> {
  return async () => {
    let sweep: Deadlines | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        const found = app.get(Deadlines);
        found.start();
        sweep = found;
      },
      stop: async () => sweep?.stop(),
    };
  };
}
