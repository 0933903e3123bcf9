import { Role, pgConnections, type PoolOptions } from '@conclave/postgres-kit';
import type { Logger } from 'pino';

/**
 * Plans of the engine's statements are made once, for no batch in particular: a plan for the small table of a quiet hour
 * would read it whole for ever after, and one for the values of the moment would cost more than the batch. So every row
 * is looked up by its key.
 */
const PLANS = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
};

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
          settings: { ...PLANS, ...settings },
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
