/**
 * The arguments that make bubblewrap a sandbox.
 *
 * An ordinary user gets a user namespace of its own and is nobody in it. Root needs none: it mounts, and then steps down
 * for good to a user nobody else is (process limits count by user, so sandboxes do not share one), with no capability
 * left to come back.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { runtimePaths } from './runtime-paths.js';
import { settingsFiles } from './settings-files.js';

/** What a sandbox shows and allows. */
export interface SandboxBounds {
  readonly worktree: string;
  readonly command: string;
  readonly readOnlyPaths: readonly string[];
  readonly memoryBytes: number;
  readonly processes: number;
  readonly env: Readonly<Record<string, string>>;
  /** Who the command runs as: outside too when the service is root, else in its own user namespace only. */
  readonly uid: number;
}

/** Inherited descriptors: what bubblewrap tells about the run, the filter it loads, and the first of the settings files. */
export const statusFd = 3;
export const seccompFd = 4;
export const settingsFd = 5;

const maxFileBytes = 1024 ** 3;
const tmpBytes = 512 * 1024 ** 2;

/** Whether sandboxes are made with root's rights, and not with a user namespace. */
export const isRoot = process.getuid?.() === 0;

export function bubblewrapArguments(bounds: SandboxBounds, hasFilter: boolean): string[] {
  const env = {
    PATH: [...bounds.readOnlyPaths.filter((path) => path.endsWith('/bin')), '/usr/local/bin', '/usr/bin', '/bin'].join(
      ':',
    ),
    HOME: '/tmp',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    CI: 'true',
    CONCLAVE_SANDBOX: '1',
    ...bounds.env,
  };
  return [
    ...['--die-with-parent', '--new-session', '--clearenv', '--hostname', 'sandbox', '--json-status-fd', `${statusFd}`],
    ...(isRoot ? rootNamespaces : userNamespaces(bounds.uid)),
    ...(hasFilter ? ['--seccomp', `${seccompFd}`] : []),
    ...systemMounts(),
    ...settingsFiles(bounds.uid).flatMap(([path], i) => ['--perms', '0444', '--file', `${settingsFd + i}`, path]),
    ...['--proc', '/proc', '--dev', '/dev', ...tmpfs('/dev/shm'), '--remount-ro', '/dev', ...tmpfs('/tmp')],
    ...bounds.readOnlyPaths.flatMap((path) => [...foldersAbove(path), '--ro-bind', path, path]),
    ...['--bind', bounds.worktree, '/work', '--remount-ro', '/'],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
    ...(isRoot ? stepDown(bounds.uid) : []),
    ...['prlimit', `--nproc=${bounds.processes}`, `--data=${bounds.memoryBytes}`, `--fsize=${maxFileBytes}`],
    ...['--nofile=4096', '--core=0', 'env', '--chdir=/work', '/bin/sh', '-c', bounds.command],
  ];
}

const userNamespaces = (uid: number): string[] => [
  '--unshare-all',
  '--cap-drop',
  'ALL',
  '--uid',
  `${uid}`,
  '--gid',
  `${uid}`,
];

const rootNamespaces = [
  ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
];

const stepDown = (uid: number): string[] => [
  ...['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs'],
  ...['--inh-caps=-all', '--bounding-set=-all'],
];

const tmpfs = (path: string): string[] => ['--perms', '1777', '--size', `${tmpBytes}`, '--tmpfs', path];

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
  const settings = runtimePaths.flatMap((path) => [...foldersAbove(path), '--ro-bind-try', path, path]);
  return ['--ro-bind', '/usr', '/usr', ...links, ...settings];
}
