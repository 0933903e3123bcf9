/**
 * Runs a command of somebody else's repository where it can harm nobody: bubblewrap with its own namespaces (no network,
 * no other processes, no host files but the system's programs), no capabilities, a filter on system calls, a cleared
 * environment, bounded processes, memory, disk, output and time. Nothing ever runs without it: where it is not
 * available, callers abstain with the reason.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { bubblewrapArguments, isRoot, seccompFd, settingsFd, statusFd, type SandboxBounds } from './bubblewrap.js';
import { DiskWatch } from './disk-watch.js';
import { privateBytesBelow } from './process-memory.js';
import { seccompFilter } from './seccomp.js';
import { settingsFiles } from './settings-files.js';

export interface SandboxRequest {
  /**
   * The folder the command works in; it is all that the command can write to besides its own /tmp. Its owner is who the
   * command runs as when the service is root.
   */
  readonly worktree: string;
  /** Given to `/bin/sh -c` inside. */
  readonly command: string;
  readonly wallMs: number;
  /** Host paths visible read-only at the same place. */
  readonly readOnlyPaths?: readonly string[];
  /** Of each process by the kernel's limit, and of all together by measuring. */
  readonly memoryBytes?: number;
  readonly processes?: number;
  /** What it may add to its worktree, in bytes and in files. */
  readonly diskBytes?: number;
  readonly diskFiles?: number;
  /** More output than this ends the command. */
  readonly outputBytes?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface SandboxResult {
  /**
   * `timeout`, `output-limit` and `resource-limit` (memory, disk) are the command's own doing; `killed` is not: by its
   * caller, from outside, or because the disk was nearly full. `not-started` = no sandbox, the command never ran.
   */
  readonly status: 'exited' | 'timeout' | 'output-limit' | 'resource-limit' | 'killed' | 'not-started';
  /** The command's exit code; 128 + signal when a signal ended it. Says nothing unless `exited`. */
  readonly exitCode: number;
  /** The end of what it printed (16 KiB), both streams as they came. */
  readonly output: string;
  /** There when more was printed before it. */
  readonly truncated?: true;
  readonly durationMs: number;
}

export type SandboxAvailability = { readonly available: true } | { readonly available: false; readonly reason: string };

const defaults = {
  memoryBytes: 4 * 1024 ** 3,
  processes: 256,
  diskBytes: 4 * 1024 ** 3,
  diskFiles: 500_000,
  outputBytes: 16 * 1024 ** 2,
} as const;
const tailBytes = 16 * 1024;
const checkMs = 250;
/** Who commands run as in a user namespace. */
export const SANDBOX_UID = 65_534;

export class Sandbox {
  private ready: Promise<{ readonly program: string } | { readonly reason: string }> | undefined;

  private readonly bubblewrap: string;
  private readonly defaults: Record<keyof typeof defaults, number>;

  /** `memoryBytes` holds for requests that do not say otherwise. */
  constructor(
    private readonly readOnlyPaths: readonly string[] = [],
    { bubblewrap = 'bwrap', memoryBytes = defaults.memoryBytes }: { bubblewrap?: string; memoryBytes?: number } = {},
  ) {
    this.bubblewrap = bubblewrap;
    this.defaults = { ...defaults, memoryBytes };
  }

  /** Whether sandboxes work on this host; found out once, by making one. */
  async probe(): Promise<SandboxAvailability> {
    const found = await (this.ready ??= this.tryOut());
    return 'program' in found ? { available: true } : { available: false, reason: found.reason };
  }

  /** Runs a command to its end or to one of its bounds. It never throws for what the command did. */
  async run(request: SandboxRequest): Promise<SandboxResult> {
    const found = await (this.ready ??= this.tryOut());
    return 'program' in found ? this.execute(found.program, request) : notStarted(found.reason);
  }

  private async execute(program: string, request: SandboxRequest): Promise<SandboxResult> {
    const uid = isRoot ? (await lstat(request.worktree)).uid : SANDBOX_UID;
    if (uid === 0) return notStarted('the working folder belongs to root');
    const bounds = {
      ...this.defaults,
      env: {},
      ...request,
      uid,
      readOnlyPaths: [...this.readOnlyPaths, ...(request.readOnlyPaths ?? [])],
    };
    return new SandboxedRun(program, bounds).ended;
  }

  private async tryOut(): Promise<{ program: string } | { reason: string }> {
    if (process.platform !== 'linux')
      return { reason: `program checks need Linux namespaces, this is ${process.platform}` };
    const program = await promisify(execFile)('/bin/sh', ['-c', 'command -v "$1"', 'sh', this.bubblewrap]).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    );
    if (!program) return { reason: 'program checks need bubblewrap, and there is no bwrap on the path' };
    const worktree = await mkdtemp(join(tmpdir(), 'conclave-probe-'));
    const bounds = {
      ...this.defaults,
      env: {},
      worktree,
      command: 'true',
      wallMs: 10_000,
      uid: SANDBOX_UID,
      readOnlyPaths: this.readOnlyPaths,
    };
    // The folder is root's and closed to others here, so the command is not given it to work in.
    const result = await new SandboxedRun(program, { ...bounds, worktree: isRoot ? '/usr' : worktree }).ended;
    await rm(worktree, { recursive: true, force: true });
    if (result.status === 'exited' && result.exitCode === 0) return { program };
    const said = result.output.trim().split('\n').at(-1);
    return { reason: `bubblewrap does not work on this host: ${said || `it ended with ${result.exitCode}`}` };
  }
}

const notStarted = (reason: string): SandboxResult => ({
  status: 'not-started',
  exitCode: -1,
  output: reason,
  durationMs: 0,
});

type Bounds = SandboxBounds &
  Required<Pick<SandboxRequest, 'wallMs' | 'outputBytes' | 'diskBytes' | 'diskFiles'>> & {
    readonly signal?: AbortSignal;
  };

/** One command in one sandbox, from start to end. */
class SandboxedRun {
  readonly ended: Promise<SandboxResult>;
  private readonly startedAt = performance.now();
  private readonly output = new Tail(tailBytes);
  private readonly child: ChildProcess;
  /** What bubblewrap reports: the first process's pid at once, the command's exit code only when it ran. */
  private report = '';
  private stopped: SandboxResult['status'] | undefined;
  private readonly disk: DiskWatch;
  private measuring = false;

  constructor(
    program: string,
    private readonly bounds: Bounds,
  ) {
    const filter = seccompFilter();
    const settings = settingsFiles(bounds.uid);
    this.disk = new DiskWatch(bounds.worktree, { bytes: bounds.diskBytes, files: bounds.diskFiles });
    this.child = spawn(program, bubblewrapArguments(bounds, filter !== undefined), {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...settings.map(() => 'pipe' as const)],
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      detached: true,
    });
    this.give(seccompFd, filter);
    for (const [i, [, text]] of settings.entries()) this.give(settingsFd + i, text);
    (this.child.stdio[statusFd] as Readable).on('data', (chunk: Buffer) => (this.report += chunk.toString('latin1')));
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => this.take(chunk));
    this.ended = this.watch();
  }

  private async watch(): Promise<SandboxResult> {
    const { wallMs, signal } = this.bounds;
    const abort = (): void => this.stop('killed');
    const clock = setTimeout(() => this.stop('timeout'), wallMs);
    const measure = setInterval(() => void this.measure(), checkMs);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const killedFromOutside = await new Promise<boolean>((resolve) => {
      this.child.once('error', (error) => {
        this.output.push(Buffer.from(error.message));
        resolve(false);
      });
      this.child.once('close', (_code, by) => resolve(by !== null));
    });
    clearTimeout(clock);
    clearInterval(measure);
    signal?.removeEventListener('abort', abort);
    const exitCode = /"exit-code":\s*(\d+)/.exec(this.report)?.[1];
    const status = this.stopped ?? (exitCode !== undefined ? 'exited' : killedFromOutside ? 'killed' : 'not-started');
    const durationMs = Math.round(performance.now() - this.startedAt);
    const truncated = this.output.isCut ? ({ truncated: true } as const) : {};
    return { status, exitCode: Number(exitCode ?? -1), output: this.output.text(), ...truncated, durationMs };
  }

  /** bwrap leads its own group, and the first process inside dies with it, taking its whole pid namespace along. */
  private stop(status: SandboxResult['status']): void {
    this.stopped ??= status;
    try {
      if (this.child.pid) process.kill(-this.child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  private take(chunk: Buffer): void {
    this.output.push(chunk);
    if (this.output.seen > this.bounds.outputBytes) this.stop('output-limit');
  }

  private async measure(): Promise<void> {
    const firstPid = /"child-pid":\s*(\d+)/.exec(this.report)?.[1];
    if (!firstPid || this.measuring) return;
    this.measuring = true;
    const memory = await privateBytesBelow(Number(firstPid));
    // A folder that cannot be measured is gone: the run is over.
    const disk = await this.disk.check().catch(() => undefined);
    this.measuring = false;
    const { memoryBytes, diskBytes, diskFiles } = this.bounds;
    if (memory > memoryBytes) this.halt('resource-limit', `its processes together used more than ${memoryBytes} bytes`);
    if (disk === 'too-much')
      this.halt('resource-limit', `it wrote more than ${diskBytes} bytes or ${diskFiles} files to its folder`);
    if (disk === 'disk-full') this.halt('killed', 'the disk is nearly full');
  }

  private halt(status: SandboxResult['status'], why: string): void {
    if (this.stopped) return;
    this.output.push(Buffer.from(`\nstopped: ${why}\n`));
    this.stop(status);
  }

  /** What bubblewrap reads from an inherited descriptor; it may end before it has. */
  private give(fd: number, content: string | Buffer | undefined): void {
    const pipe = this.child.stdio[fd] as Writable;
    pipe.on('error', () => undefined);
    pipe.end(content);
  }
}

/** Keeps the last bytes of a stream. */
class Tail {
  seen = 0;
  private chunks: Buffer[] = [];
  private kept = 0;

  constructor(private readonly limit: number) {}

  push(chunk: Buffer): void {
    this.seen += chunk.length;
    this.chunks.push(chunk);
    this.kept += chunk.length;
    while (this.chunks.length > 1 && this.kept - this.chunks[0]!.length >= this.limit)
      this.kept -= this.chunks.shift()!.length;
  }

  get isCut(): boolean {
    return this.seen > this.limit;
  }

  text(): string {
    return Buffer.concat(this.chunks).subarray(-this.limit).toString('utf8');
  }
}
