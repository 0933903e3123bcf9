import type { LogName } from './log-name.js';

/**
 * Keeps the newest checkpoint of every log where this service's database is not: a store, a witness. A log whose
 * database does not know what is kept there was restored or forked, and is not signed again.
 */
export interface HeadKeeper {
  readonly name: string;
  /** The newest checkpoint it has of the log, as a signed note; undefined when it has none. */
  newest(log: LogName): Promise<string | undefined>;
}

/** All of them. */
export const HEAD_KEEPERS = Symbol('head keepers');
