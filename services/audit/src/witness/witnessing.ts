import { Inject, Injectable } from '@nestjs/common';
import { LOG, type ResourceFactory } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import { Publisher } from '../log/publisher.js';
import { HeldProofs } from './held-proofs.js';
import { Outsiders, type Outsider } from './outsiders.js';

/** Logs under way at once with one witness: one that is slow or dead holds up nobody else’s. */
const SLOTS = 8;
/** What nobody woke us for is found within this time: heads of other replicas, turns after a failure. */
const TICK_MS = 1_000;

/** Shows published heads to witnesses and to a timestamp authority, apart from signing: nothing that signs waits for it. */
@Injectable()
export class Witnessing {
  private readonly lanes: readonly Lane[];
  private timer: NodeJS.Timeout | undefined;
  private telling: Promise<void> | undefined;

  constructor(
    @Inject(Outsiders) outsiders: Outsiders,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(Publisher) private readonly publisher: Publisher,
    @Inject(LOG) private readonly logger: Logger,
  ) {
    this.lanes = outsiders.all.map((outsider) => new Lane(outsider, logger));
  }

  start(): void {
    this.publisher.onPublished(this.wake);
    this.timer = setInterval(() => {
      this.wake();
      this.telling ??= this.tell().finally(() => (this.telling = undefined));
    }, TICK_MS);
    this.wake();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.telling;
    await Promise.all(this.lanes.map((lane) => lane.stop()));
  }

  private async tell(): Promise<void> {
    try {
      await this.held.tellDue();
    } catch (err) {
      this.logger.warn({ err }, 'held proofs will be looked at again');
    }
  }

  private readonly wake = (): void => this.lanes.forEach((lane) => lane.wake());
}

/** One of them, and the logs that are under way with it. */
class Lane {
  private readonly busy = new Map<string, Promise<void>>();
  private filling: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(
    private readonly outsider: Outsider,
    private readonly logger: Logger,
  ) {}

  wake(): void {
    this.again = true;
    this.filling ??= this.fill().finally(() => (this.filling = undefined));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.filling;
    await Promise.all(this.busy.values());
  }

  private async fill(): Promise<void> {
    while (this.again && !this.stopped && this.busy.size < SLOTS) {
      this.again = false;
      try {
        const due = await this.outsider.due(SLOTS - this.busy.size, [...this.busy.keys()]);
        for (const log of due) {
          const work = this.outsider
            .turn(log)
            .catch((err: unknown) => this.logger.warn({ err, witness: this.outsider.name }, 'a submission is lost'))
            .finally(() => {
              this.busy.delete(log.tenantId);
              this.wake();
            });
          this.busy.set(log.tenantId, work);
        }
      } catch (err) {
        this.logger.warn({ err }, 'witnesses will be looked after again');
      }
    }
  }
}

/** Runs the witnessing with the service. */
export function witnessing(): ResourceFactory<unknown> {
  return async () => {
    let found: Witnessing | undefined;
    return {
      providers: [],
      ready: async () => undefined,
      async start(app) {
        found = app.get<Witnessing>(Witnessing);
        found.start();
      },
      stop: async () => found?.stop(),
    };
  };
}
