/** One directory per test run in the system's temporary directory, known to be abandoned when its owner is gone. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, record, recorded, running } from '../processes/records.js';
import { recordsDirOf } from '../stores/local-store.js';
import { removeClusters } from '../stores/stores.js';

const PREFIX = 'conclave-test-';

/** A data directory of our own, which the server's user can walk through. */
export function openTestRun(): string {
  const dir = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(dir, 0o711);
  record(recordsDirOf(dir), 'owner', process.pid);
  return dir;
}

export function closeTestRun(dir: string): void {
  removeClusters(dir);
  rmSync(dir, { recursive: true, force: true });
}

/** Ends and removes what runs left behind whose owner was killed. */
export async function sweepAbandonedRuns(): Promise<void> {
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))) {
    const dir = join(tmpdir(), entry);
    const records = recordsDirOf(dir);
    if (recorded(records).length === 0 || running(records, 'owner')) continue;
    for (const process of recorded(records)) await end(records, process, 'SIGKILL', 0);
    closeTestRun(dir);
  }
}
