/**
 * Runs a command of somebody else's repository where it can harm nobody: bubblewrap with every namespace unshared (no
 * network, no other processes, no host files but the system's programs), no capabilities, a cleared environment, bounded
 * processes, memory, file size, output and time. Nothing ever runs without it: when it is not available, callers abstain.
 */
import { spawn } from 'node:child_process';
import { lstatSync, readlinkSync } from 'node:fs';
import { runtimePaths } from './runtime-paths.js';

export interface SandboxRequest {
  /** The folder the command works in; it is all that the command can write to besides its own /tmp. */
  readonly worktree: string;
  /** Given to `/bin/sh -c` inside. */
  readonly command: string;
  readonly wallMs: number;
  /** Host paths visible read-only at the same place. */
  readonly readOnlyPaths?: readonly string[];
  readonly memoryBytes?: number;
  readonly processes?: number;
  /** More output than this ends the command; the tail that is kept is `tailBytes`. */
  readonly outputBytes?: number;
  readonly signal?: AbortSignal;
}

export interface SandboxResult {
  readonly status: 'exited' | 'timeout' | 'output-limit' | 'killed';
  /** The command's exit code; 128 + signal when a signal ended it. */
  readonly exitCode: number;
  /** The end of what it printed, both streams as they came. */
  readonly output: string;
  readonly durationMs: number;
}

export type SandboxAvailability = { readonly available: true } | { readonly available: false; readonly reason: string };

const DEFAULTS = { memoryBytes: 2 * 1024 ** 3, processes: 256, outputBytes: 16 * 1024 ** 2 } as const;
const TAIL_BYTES = 16 * 1024;
const MAX_FILE_BYTES = 1024 ** 3;
const TMP_BYTES = 512 * 1024 ** 2;
/** The uid commands run as. */
export const SANDBOX_UID = 65_534;

export class Sandbox {
  private availability: Promise<SandboxAvailability> | undefined;

  constructor(private readonly readOnlyPaths: readonly string[] = []) {}

  /** Whether sandboxes work on this host; found out once. */
  probe(): Promise<SandboxAvailability> {
    return (this.availability ??= this.tryOut());
  }

  /** Runs a command to its end or to one of its bounds. It never throws for what the command did. */
  run(request: SandboxRequest): Promise<SandboxResult> {
    const paths = [...this.readOnlyPaths, ...(request.readOnlyPaths ?? [])];
    return execute(bubblewrapArguments({ ...request, readOnlyPaths: paths }), request);
  }

  private async tryOut(): Promise<SandboxAvailability> {
    if (process.platform !== 'linux')
      return { available: false, reason: `program checks need Linux namespaces, this is ${process.platform}` };
    const args = bubblewrapArguments({
      worktree: '/usr',
      command: 'true',
      wallMs: 0,
      readOnlyPaths: this.readOnlyPaths,
    });
    const result = await execute(args, { wallMs: 10_000 });
    if (result.status === 'exited' && result.exitCode === 0) return { available: true };
    const said = result.output.trim().split('\n').at(-1) ?? '';
    return {
      available: false,
      reason: `bubblewrap does not work on this host: ${said || `exit code ${result.exitCode}`}`,
    };
  }
}

const isRoot = process.getuid?.() === 0;
/** An ordinary user gets its own user namespace and is nobody in it. */
const userNamespaces = [
  '--unshare-all',
  '--cap-drop',
  'ALL',
  '--uid',
  String(SANDBOX_UID),
  '--gid',
  String(SANDBOX_UID),
];
/** Root needs none: it mounts, and then steps down to nobody for good. */
const rootNamespaces = [
  ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
];
const stepDown = [
  '/usr/bin/setpriv',
  `--reuid=${SANDBOX_UID}`,
  `--regid=${SANDBOX_UID}`,
  '--clear-groups',
  '--no-new-privs',
  '--inh-caps=-all',
  '--bounding-set=-all',
];

function bubblewrapArguments(request: SandboxRequest & { readonly readOnlyPaths: readonly string[] }): string[] {
  const { memoryBytes = DEFAULTS.memoryBytes, processes = DEFAULTS.processes } = request;
  return [
    ...['--die-with-parent', '--new-session', '--clearenv', '--hostname', 'sandbox'],
    ...(isRoot ? rootNamespaces : userNamespaces),
    ...systemMounts(),
    ...['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--size', String(TMP_BYTES), '--tmpfs', '/tmp'],
    ...request.readOnlyPaths.flatMap((path) => [...foldersAbove(path), '--ro-bind', path, path]),
    ...['--bind', request.worktree, '/work', '--remount-ro', '/'],
    ...Object.entries({
      PATH: pathOf(request.readOnlyPaths),
      HOME: '/tmp',
      TMPDIR: '/tmp',
      LANG: 'C.UTF-8',
      CI: 'true',
      CONCLAVE_SANDBOX: '1',
    }).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
    ...(isRoot ? stepDown : []),
    ...[
      '/usr/bin/prlimit',
      `--nproc=${processes}`,
      `--data=${memoryBytes}`,
      `--fsize=${MAX_FILE_BYTES}`,
      '--nofile=4096',
      '--core=0',
    ],
    ...['/usr/bin/env', '--chdir=/work', '/bin/sh', '-c', request.command],
  ];
}

const pathOf = (readOnlyPaths: readonly string[]): string =>
  [...readOnlyPaths.filter((path) => path.endsWith('/bin')), '/usr/local/bin', '/usr/bin', '/bin'].join(':');

/** The folders a mount lies in, made so that everybody may pass through them. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.flatMap((_, i) => ['--perms', '0755', '--dir', `/${parts.slice(0, i + 1).join('/')}`]);
}

/** The system's programs and libraries, and of /etc only what programs need to start. */
function systemMounts(): string[] {
  const links = ['/bin', '/sbin', '/lib', '/lib32', '/lib64'].flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return [];
    return found.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
  return [
    '--ro-bind',
    '/usr',
    '/usr',
    ...links,
    ...runtimePaths.flatMap((path) => [...foldersAbove(path), '--ro-bind-try', path, path]),
  ];
}

function execute(
  args: readonly string[],
  request: Pick<SandboxRequest, 'wallMs' | 'outputBytes' | 'signal'>,
): Promise<SandboxResult> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn('bwrap', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      detached: true,
    });
    const output = new Tail(TAIL_BYTES);
    let ended: SandboxResult['status'] | undefined;
    const end = (status: SandboxResult['status']): void => {
      ended ??= status;
      if (child.pid) killGroup(child.pid);
    };
    const timer = setTimeout(() => end('timeout'), request.wallMs);
    const onAbort = (): void => end('killed');
    request.signal?.addEventListener('abort', onAbort, { once: true });
    if (request.signal?.aborted) onAbort();
    const take = (chunk: Buffer): void => {
      output.push(chunk);
      if (output.seen > (request.outputBytes ?? DEFAULTS.outputBytes)) end('output-limit');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const settle = (exitCode: number): void => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      resolve({
        status: ended ?? 'exited',
        exitCode,
        output: output.text(),
        durationMs: Math.round(performance.now() - startedAt),
      });
    };
    child.once('error', (error) => {
      output.push(Buffer.from(error.message));
      settle(127);
    });
    child.once('close', (code, signal) => settle(code ?? (signal ? 137 : 1)));
  });
}

/** bwrap leads its own group, and the first process inside dies with it, taking its whole pid namespace along. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
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

  text(): string {
    return Buffer.concat(this.chunks).subarray(-this.limit).toString('utf8');
  }
}
