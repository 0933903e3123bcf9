/** The programs Conclave needs from outside npm: what they are called, how old they may be, who distributes them. */

export type ToolName = 'postgres' | 'nats' | 'redis' | 'git' | 'bubblewrap' | 'chromium' | 'softhsm';

export interface Tool {
  readonly title: string;
  /** Each must be found; names inside one entry are alternatives. */
  readonly programs: readonly (readonly string[])[];
  /** Oldest version that works, as far as the first program tells it. */
  readonly minimum: readonly [major: number, minor: number];
  /** Debian packages. */
  readonly apt: readonly string[];
  readonly brew?: string;
  /** The variable that names a running one instead. */
  readonly variable?: 'DATABASE_URL' | 'NATS_URL' | 'REDIS_URL';
}

export const tools: Readonly<Record<ToolName, Tool>> = {
  postgres: {
    title: 'PostgreSQL',
    programs: [['postgres'], ['initdb']],
    minimum: [14, 0],
    apt: ['postgresql'],
    brew: 'postgresql@17',
    variable: 'DATABASE_URL',
  },
  nats: {
    title: 'NATS',
    programs: [['nats-server']],
    minimum: [2, 9],
    apt: ['nats-server'],
    brew: 'nats-server',
    variable: 'NATS_URL',
  },
  redis: {
    title: 'Redis',
    programs: [['redis-server', 'valkey-server']],
    minimum: [6, 0],
    apt: ['redis-server'],
    brew: 'redis',
    variable: 'REDIS_URL',
  },
  git: { title: 'git', programs: [['git']], minimum: [2, 30], apt: ['git'], brew: 'git' },
  bubblewrap: { title: 'bubblewrap', programs: [['bwrap']], minimum: [0, 4], apt: ['bubblewrap'] },
  chromium: {
    title: 'Chromium',
    programs: [['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser', 'Google Chrome']],
    minimum: [100, 0],
    apt: ['chromium', 'fonts-dejavu-core'],
  },
  softhsm: { title: 'SoftHSM', programs: [['softhsm2-util']], minimum: [2, 0], apt: ['softhsm2'], brew: 'softhsm' },
};

/** A tool on this machine: where each of its programs is, in the order of `Tool.programs`. */
export interface LocatedTool {
  readonly name: ToolName;
  readonly version: string;
  readonly programs: readonly string[];
}
