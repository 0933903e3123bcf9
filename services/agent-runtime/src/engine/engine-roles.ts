import { BY_KEY, Role, pgConnections, type PoolOptions } from '@conclave/postgres-kit';
import type { Logger } from 'pino';

/** Connections of the engine alone, apart from those of requests, all as the system role. */
export interface EngineRoles {
  /** Its writes are there when it answers. */
  readonly lanes: Role;
  /** A claim that a crash of Postgres undoes is made again; it need not wait for the disk. */
  readonly claims: Role;
  close(): Promise<void>;
}

export function openEngineRoles(url: string, log: Logger): EngineRoles {
  const open = (size: number, settings: PoolOptions['settings']): Role =>
    new Role(
      pgConnections(
        {
          url,
          schema: 'runtime',
          size,
          applicationName: 'conclave-runtime-engine',
          settings: { ...BY_KEY, ...settings },
        },
        (err) => log.warn({ err }, 'idle connection lost'),
      ),
    );
  // A process that freezes inside a transaction would hold its locks until it thaws.
  const lanes = open(4, { idle_in_transaction_session_timeout: '5000' });
  // Inside a claim it would hold the scheduler's lock, for all.
  const claims = open(1, { synchronous_commit: 'off', idle_in_transaction_session_timeout: '1000' });
  return { lanes, claims, close: async () => void (await Promise.all([lanes.close(), claims.close()])) };
}
