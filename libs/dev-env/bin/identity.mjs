import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * What tells a process from a later one that was given the same pid: its start time.
 *
 * On Linux the kernel's start tick together with the boot id, elsewhere what `ps` prints. A zombie has ended: it holds
 * a pid and nothing else, and in a container nobody may ever reap it. (Unless other threads of it still run: those
 * hold its ports and files for some milliseconds after a kill.)
 *
 * @returns undefined when there is no such process
 */
export function processIdentity(pid) {
  return process.platform === 'linux' ? linuxIdentity(pid) : psIdentity(pid);
}

function linuxIdentity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ended = state === 'X' || (state === 'Z' && readdirSync(`/proc/${pid}/task`).length === 1);
    if (ended) return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[18]}`;
  } catch {
    return undefined;
  }
}

function psIdentity(pid) {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return status === 0 && !state?.startsWith('Z') ? started : undefined;
}
