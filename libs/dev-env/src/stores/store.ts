import type { NatsUser } from './nats.js';

export const storeNames = ['postgres', 'nats', 'redis'] as const;
export type StoreName = (typeof storeNames)[number];

export interface StoreOptions {
  readonly dataDir: string;
  readonly logDir: string;
  /** Passwords of the servers started here; kept by the caller. */
  readonly passwords: { readonly postgres: string; readonly redis: string };
  /** Who may use the bus started here; without users anyone on the loopback interface. */
  readonly natsUsers?: readonly NatsUser[];
  /** Of one of the users: a named bus must let it in. */
  readonly natsSeed?: string;
  /** Skips the flush at the end of `initdb`; the server flushes its commits unless it is told otherwise, as by `npm test`. */
  readonly quickInit?: boolean;
  readonly say?: (detail: string) => void;
  /**
   * `DATABASE_URL`, `NATS_URL` and `REDIS_URL` name stores that run already and are left alone; `POSTGRES_LIBRARIES` what a
   * Postgres that is started here loads as it starts, such as `pg_stat_statements`.
   */
  readonly env?: NodeJS.ProcessEnv;
}

/** One store, wherever it runs. */
export interface Store {
  /** Valid once started; stays the same over `kill9` and `start`. */
  readonly url: string;
  /** Whether it runs as a process of ours. */
  readonly local: boolean;
  /** Undefined when its process is not a child of this machine's user, or does not run. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill9(): Promise<void>;
}

/** What Postgres loads as it starts. */
export const librariesOf = ({ env = process.env }: Pick<StoreOptions, 'env'>): string =>
  env['POSTGRES_LIBRARIES'] ?? '';
