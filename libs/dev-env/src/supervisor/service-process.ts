/** Keeps one service running: starts it, waits until it is ready, and starts it again when it dies. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortTakenError } from '../processes/ports.js';
import { end, record, running } from '../processes/records.js';
import { openLog } from './log-file.js';
import type { ServiceStatus } from './status.js';

export interface ServiceSpec {
  /** What Node is started with: flags, the entry point, its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it answers; of its `/readyz` only what carries its own pid counts. */
  readonly url: string;
  /** Equal to that of the running process when a restart would change nothing. */
  readonly hash: string;
}

interface ServiceHome {
  readonly recordsDir: string;
  readonly logFile: string;
  /** Called whenever the status changed. */
  readonly onChange: () => void;
}

const BACKOFF = { firstMs: 50, lastMs: 5_000 } as const;
/** A life this long counts as a success: the next death starts over with the shortest pause. */
const STABLE_MS = 30_000;
const GRACE_MS = 15_000;
const READY_WITHIN_MS = 60_000;
/** Deaths before the first readiness after which nobody waits any longer; restarting goes on. */
const HOPELESS = 4;

export class ServiceProcess {
  readonly status: ServiceStatus;
  private spec: ServiceSpec | undefined;
  private wanted = false;
  /** Deaths in a row without a stable life between them. */
  private deaths = 0;
  private comeback: NodeJS.Timeout | undefined;

  constructor(
    readonly name: string,
    private readonly home: ServiceHome,
  ) {
    this.status = { name, url: '', state: 'stopped', pid: undefined, restarts: 0, readyAfterMs: undefined };
  }

  /** Runs exactly this; a process that does already is left alone. @returns whether it was (re)started */
  async ensure(spec: ServiceSpec): Promise<boolean> {
    if (this.wanted && this.spec?.hash === spec.hash) return false;
    await this.stop();
    this.spec = spec;
    this.status.url = spec.url;
    this.wanted = true;
    this.deaths = 0;
    this.start({ rotate: true });
    return true;
  }

  /**
   * @throws Error with the end of its log when it keeps dying or does not get ready in time; PortTakenError when that
   * is because another process has its port
   */
  async whenReady(): Promise<void> {
    for (const deadline = Date.now() + READY_WITHIN_MS; this.status.state !== 'ready'; await sleep(20)) {
      if (!this.wanted) throw new Error(`${this.name} was stopped.`);
      if (this.deaths >= HOPELESS) throw this.failure(`died ${this.deaths} times`);
      if (Date.now() > deadline) throw this.failure(`was not ready within ${READY_WITHIN_MS / 1000} s`);
    }
  }

  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.comeback);
    const entry = running(this.home.recordsDir, this.name);
    if (entry) await end(this.home.recordsDir, entry, 'SIGTERM', GRACE_MS);
    this.change({ state: 'stopped', pid: undefined });
  }

  /** Kills it as a crash would; it comes back by itself. */
  async kill9(): Promise<void> {
    const entry = running(this.home.recordsDir, this.name);
    if (!entry) throw new Error(`${this.name} is not running.`);
    this.change({ state: 'restarting' });
    await end(this.home.recordsDir, entry, 'SIGKILL', GRACE_MS);
  }

  private start({ rotate }: { readonly rotate: boolean }): void {
    const { spec } = this;
    if (!spec) return;
    const log = openLog(this.home.logFile, { rotate });
    const startedAt = Date.now();
    const child = spawn(process.execPath, spec.args, {
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
    try {
      if (child.pid !== undefined) record(this.home.recordsDir, this.name, child.pid);
    } catch (error) {
      child.kill('SIGKILL'); // what is not written down would outlive us
      throw error;
    }
    this.change({ state: 'starting', pid: child.pid });
    child.once('error', () => this.died(child.pid, startedAt));
    child.once('exit', () => this.died(child.pid, startedAt));
    void this.watchReadiness(child.pid, startedAt);
  }

  private died(pid: number | undefined, startedAt: number): void {
    if (!this.wanted || this.status.pid !== pid) return; // stopped, or replaced before its end was reported
    this.deaths = Date.now() - startedAt > STABLE_MS ? 1 : this.deaths + 1;
    this.status.restarts += 1;
    this.change({ state: 'restarting', pid: undefined });
    const pause = Math.min(BACKOFF.firstMs * 2 ** (this.deaths - 1), BACKOFF.lastMs);
    this.comeback = setTimeout(() => this.startAgain(), pause);
  }

  /** A full disk counts as one more death: it is tried again until there is room for a log and a record. */
  private startAgain(): void {
    try {
      this.start({ rotate: false });
    } catch {
      this.died(this.status.pid, Date.now());
    }
  }

  private async watchReadiness(pid: number | undefined, startedAt: number): Promise<void> {
    while (this.wanted && this.status.pid === pid && this.status.state === 'starting') {
      if (await answersReady(`${this.status.url}/readyz`, pid)) {
        if (this.status.pid === pid) this.change({ state: 'ready', readyAfterMs: Date.now() - startedAt });
        return;
      }
      await sleep(50);
    }
  }

  private change(next: Partial<ServiceStatus>): void {
    Object.assign(this.status, next);
    this.home.onChange();
  }

  private failure(what: string): Error {
    const log = existsSync(this.home.logFile) ? readFileSync(this.home.logFile, 'utf8').trim() : '';
    const tail = log.split('\n').slice(-12).join('\n');
    const message = `${this.name} ${what}. Its log, ${this.home.logFile}, ends:\n${tail}`;
    return /EADDRINUSE|address already in use/.test(tail) ? new PortTakenError(message) : new Error(message);
  }
}

/** Whether this very process is ready: somebody else may have taken its port, and answer there. */
function answersReady(url: string, pid: number | undefined): Promise<boolean> {
  return new Promise((done) => {
    const request = get(url, { timeout: 2_000, agent: false }, (response) => {
      json(response).then(
        (body) => done(response.statusCode === 200 && (body as { pid?: unknown } | null)?.pid === pid),
        () => done(false),
      );
    });
    request.on('error', () => done(false));
    request.on('timeout', () => request.destroy());
  });
}
