import type { Resource } from '@conclave/nest-kit';
import type { INestApplicationContext, Type } from '@nestjs/common';

/** Work that is looked for again and again: one round at a time, and none is begun once they have stopped. */
export class Rounds {
  private round: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly everyMs: number,
    /** One round; when it fails, the next one begins as if it had not been. */
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => void (this.round ?? this.run()), this.everyMs);
  }

  /** Begins no other round and waits for the one under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.round;
  }

  /** One round that begins from now on: after the one under way, if there is one. */
  run(): Promise<void> {
    const round = (this.round ?? Promise.resolve())
      .then(() => (this.stopped ? undefined : this.work()))
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        if (this.round === round) this.round = undefined;
      });
    this.round = round;
    return round;
  }
}

/** Does to each what is to be done; what fails for one is told, and is no other one's fault. */
export async function toEach<T>(
  all: readonly T[],
  work: (one: T) => Promise<unknown>,
  failed: (error: unknown, one: T) => void,
): Promise<void> {
  await Promise.all(all.map((one) => work(one).catch((error: unknown) => failed(error, one))));
}

/** Somebody's rounds as a part of the service: while the database is open. */
export const inRounds = (somebody: Type<{ readonly rounds: Rounds }>) => async (): Promise<Resource> => {
  let rounds: Rounds | undefined;
  return {
    providers: [],
    ready: async () => undefined,
    async start(app: INestApplicationContext) {
      ({ rounds } = app.get<{ readonly rounds: Rounds }>(somebody));
      rounds.start();
    },
    stop: async () => rounds?.stop(),
  };
};
