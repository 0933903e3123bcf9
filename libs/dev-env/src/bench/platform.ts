/** An installation of its own for a measurement: own directory, ports and stores; gone when the measurement is over. */
import { join } from 'node:path';
import type { ServiceName } from '@conclave/contracts';
import { repositoryRoot } from '../paths.js';
import { run, type Outcome } from '../processes/run.js';
import type { SupervisorStatus } from '../supervisor/status.js';
import { Supervisor, type DevFile } from '../supervisor/supervisor.js';
import { closeTestRun, openTestRun } from '../testing/test-run.js';

export interface Platform extends DevFile {
  /** A directory that goes with it. */
  readonly dir: string;
  /** How starting went, and how the services are. */
  readonly status: SupervisorStatus;
  /** Ends a service of it, as a rollout does with the replica before. */
  endService(name: ServiceName): Promise<void>;
  /** Runs the command line against it. */
  conclave(...words: readonly string[]): Promise<Outcome>;
}

/** Starts everything, measures, and stops everything; also when interrupted. */
export async function withPlatform<T>(
  work: (platform: Platform) => Promise<T>,
  env: NodeJS.ProcessEnv = {},
  nodeFlags: readonly string[] = [],
): Promise<T> {
  const dir = openTestRun();
  const { DATABASE_URL: _, NATS_URL: __, REDIS_URL: ___, OTEL_EXPORTER_OTLP_ENDPOINT: ____, ...outer } = process.env;
  const [logDir, devFile] = [join(dir, 'logs'), join(dir, 'dev.json')];
  const supervisor = new Supervisor({
    dataDir: dir,
    logDir,
    devFile,
    outer: { ...outer, ...env },
    nodeFlags,
    quickInit: true,
  });
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= supervisor.stop().then(() => closeTestRun(dir)));
  const interrupted = () => void end().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted);
  try {
    const dev = await supervisor.bring('bench');
    const { gateway: CONCLAVE_URL, apiKey: CONCLAVE_API_KEY } = dev;
    const program = join(repositoryRoot, 'libs/cli/bin/conclave.mjs');
    const cliEnv = { ...outer, CONCLAVE_URL, CONCLAVE_API_KEY };
    const conclave = (...words: readonly string[]) => run(process.execPath, [program, ...words], { env: cliEnv });
    const endService = (name: ServiceName) => supervisor.service(name).stop();
    return await work({ ...dev, dir, status: supervisor.status, endService, conclave });
  } finally {
    await end();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  }
}
