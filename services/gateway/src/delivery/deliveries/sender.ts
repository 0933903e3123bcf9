import { LOG, type Resource } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AttemptDelivery } from './attempt-delivery.js';
import { claimDue, type Busy, type Claim } from './postgres-deliveries.js';

/** Attempts under way at once, in this process. */
const SLOTS = 32;
/** Of these, for one tenant: its slow receivers leave room for the others. */
const SLOTS_PER_TENANT = 8;
/** Retries become due without anybody ringing; this is how late one can be noticed. */
const TICK_MS = 1_000;
/** An attempt that has not ended after this long is lost; well above its timeout. */
const LEASE_MS = 30_000;

/**
 * Sends what is due: woken when deliveries commit, when a slot comes free, and once a second for retries. One attempt
 * per webhook at a time, so a receiver that hangs holds one slot and nobody else's events, and a quarter of the slots per
 * tenant at most.
 */
@Injectable()
export class Sender {
  private readonly busy = new Map<Busy, Promise<void>>();
  private filling: Promise<void> | undefined;
  private again = false;
  private stopped = true;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Database,
    private readonly attempt: AttemptDelivery,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.stopped = false;
    this.timer = setInterval(this.wake, TICK_MS);
    this.wake();
  }

  /** Takes no more and waits for the attempts under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.filling;
    await Promise.all(this.busy.values());
  }

  /** Looks for due deliveries, soon; calls during a look make one more follow. */
  readonly wake = (): void => {
    this.again = true;
    this.filling ??= this.fill().finally(() => (this.filling = undefined));
  };

  private async fill(): Promise<void> {
    while (this.again && !this.stopped && this.busy.size < SLOTS) {
      this.again = false;
      try {
        const claims = await this.claim();
        claims.forEach((claim) => this.begin(claim));
        // What a tenant at its limit has waiting can hide what others have; without it, they are seen.
        this.again ||= claims.length > 0;
      } catch (error) {
        this.log.warn({ err: error }, 'sender will look again');
      }
    }
  }

  private claim(): Promise<Claim[]> {
    const now = new Date();
    const lostAt = new Date(now.getTime() + LEASE_MS);
    const busy = [...this.busy.keys()];
    return this.db.system((tx) =>
      claimDue(tx, { limit: SLOTS - busy.length, perTenant: SLOTS_PER_TENANT, busy, now, lostAt }),
    );
  }

  private begin(claim: Claim): void {
    const work = this.attempt
      .run(claim)
      .catch((error: unknown) => this.log.warn({ err: error, delivery: claim.id }, 'attempt lost'))
      .finally(() => {
        this.busy.delete(claim);
        this.wake();
      });
    this.busy.set(claim, work);
  }
}

/** The sender as a part of the service: runs while the database is open. */
export async function sending(): Promise<Resource> {
  let stop = async (): Promise<void> => undefined;
  return {
    providers: [],
    ready: async () => undefined,
    async start(app) {
      const sender = app.get<Sender>(Sender);
      sender.start();
      stop = () => sender.stop();
    },
    stop: () => stop(),
  };
}
