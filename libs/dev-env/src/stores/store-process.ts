/** Starts one store's server as a process of its own, and knows it again after a crash of whoever started it. */
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortTakenError } from '../processes/ports.js';
import { record } from '../processes/records.js';

export interface StoreProcess {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly recordsDir: string;
  /** The user to run as, when the starter is root and the program refuses to be. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly isReady: () => Promise<boolean>;
}

const READY_WITHIN_MS = 60_000;

/**
 * Starts the server and waits until it answers.
 *
 * @throws PortTakenError when it could not bind; Error with the log's last lines when it ends or never answers
 */
export async function startProcess(store: StoreProcess): Promise<number> {
  mkdirSync(dirname(store.logFile), { recursive: true });
  const log = openSync(store.logFile, 'a', 0o600);
  chmodSync(store.logFile, 0o600);
  const before = readFileSync(store.logFile).length;
  const child = spawn(store.program, store.args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    ...store.user,
  });
  closeSync(log);
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(`ended with ${signal ?? `code ${code}`}`));
  });
  if (child.pid !== undefined) record(store.recordsDir, store.name, child.pid);
  child.unref();
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const end = await Promise.race([ended, sleep(15)]);
    const said = () => readFileSync(store.logFile).subarray(before).toString('utf8').trim();
    if (end !== undefined) throw failure(store, end, said());
    if (await store.isReady()) return child.pid ?? 0;
    if (Date.now() > deadline) throw failure(store, `did not answer within ${READY_WITHIN_MS / 1000} s`, said());
  }
}

function failure(store: StoreProcess, what: string, said: string): Error {
  const tail = said.split('\n').slice(-8).join('\n');
  const message = `${store.name} ${what}. Its log, ${store.logFile}, ends:\n${tail}`;
  return /address (already )?in use/i.test(said) ? new PortTakenError(message) : new Error(message);
}
