/**
 * Which processes are ours: one file per process with its pid and start time.
 *
 * Invariant: a signal goes to a recorded pid only while the process there still has the recorded start time, so a pid
 * that the system gave to a stranger after a crash or a reboot is never touched.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../../bin/identity.mjs';
import { readJson, writeJson } from '../json-file.js';

export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
}

/** Remembers a process just started; forgets nothing if it is dead already. */
export function record(dir: string, name: string, pid: number): void {
  const entry: ProcessRecord = { name, pid, identity: processIdentity(pid) ?? 'ended' };
  writeJson(join(dir, `${name}.json`), entry);
}

/** The processes written down in the directory, running or not. */
export function recorded(dir: string): readonly ProcessRecord[] {
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.json')) : [];
  return files.flatMap((file) => readJson<ProcessRecord>(join(dir, file)) ?? []);
}

/** The record of that name when its process still runs. */
export function running(dir: string, name: string): ProcessRecord | undefined {
  return recorded(dir).find((entry) => entry.name === name && isAlive(entry));
}

export const isAlive = ({ pid, identity }: ProcessRecord): boolean => processIdentity(pid) === identity;

/**
 * Ends a recorded process: the signal first, SIGKILL when it outlasts `graceMs`. The record goes with it.
 *
 * @returns whether there was a process to end
 */
export async function end(
  dir: string,
  entry: ProcessRecord,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  const found = isAlive(entry);
  if (found) send(entry, signal);
  if (!(await gone(entry, graceMs))) {
    send(entry, 'SIGKILL');
    await gone(entry, 10_000);
  }
  rmSync(join(dir, `${entry.name}.json`), { force: true });
  return found;
}

function send(entry: ProcessRecord, signal: NodeJS.Signals): void {
  try {
    process.kill(entry.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(entry: ProcessRecord, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(entry)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
