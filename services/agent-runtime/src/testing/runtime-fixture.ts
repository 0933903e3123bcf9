import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startServiceFixture, type ServiceFixture } from '@conclave/dev-env/testing';
import { runtimeService } from '../runtime-service.js';

export interface RuntimeFixture extends ServiceFixture {
  /** What it keeps on disk; removed when it stops. */
  readonly dir: string;
}

/** Starts the runtime in all its roles, with a folder of its own; `env` is what is to be otherwise. */
export async function startRuntimeFixture(env: Readonly<Record<string, string>> = {}): Promise<RuntimeFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'runtime-'));
  const fixture = await startServiceFixture(runtimeService, {
    ROLES: 'api,worker,control',
    DATA_DIR: dir,
    SANDBOX_DIR: join(dir, 'sandbox'),
    SIGNER_KEK: Buffer.alloc(32, 1).toString('base64'),
    ...env,
  });
  const stop = fixture.stop.bind(fixture);
  // Onto the fixture itself: `service` is another one after a restart.
  return Object.assign(fixture, {
    dir,
    async stop() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

/** Resolves when a statement waits for a lock that another transaction holds. */
export const someoneWaits = ({ database }: RuntimeFixture): Promise<void> =>
  eventually(async () => {
    const waiting = await database.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length === 0) throw new Error('nobody waits for a lock');
  });
