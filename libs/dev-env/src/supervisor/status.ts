import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface StepStatus {
  readonly title: string;
  state: 'running' | 'done' | 'failed';
  detail: string;
  ms: number;
}

export interface ServiceStatus {
  readonly name: string;
  readonly url: string;
  state: 'stopped' | 'starting' | 'ready' | 'restarting';
  pid: number | undefined;
  /** Restarts after a death nobody asked for, since the supervisor started. */
  restarts: number;
  /** From the last start to the first positive `/readyz`. */
  readyAfterMs: number | undefined;
}

/** What the supervisor is doing, readable by anyone without asking it. */
export interface SupervisorStatus {
  readonly pid: number;
  /** Hash of the supervisor's own code and of the outer environment it was started with. */
  readonly build: string;
  /** The call of `up` being served, or served last. */
  request: string;
  state: 'starting' | 'ready' | 'failed' | 'stopping';
  error: string | undefined;
  steps: StepStatus[];
  services: ServiceStatus[];
}

/** Replaces the file in one step: a reader sees the old or the new status, never half of one. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  writeFileSync(`${file}.new`, JSON.stringify(value, null, 2) + '\n', { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export const readJson = <T>(file: string): T | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
