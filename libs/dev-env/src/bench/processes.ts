/** Memory and CPU time of processes, from Linux's /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** Memory in bytes. Shared pages count in `pss` by their share, which strangers running the same program make smaller. */
export interface Memory {
  readonly pss: number;
  readonly private: number;
  readonly shared: number;
}

/** Reads the sums of a process's mappings (proc(5), smaps_rollup). */
export function memoryOf(pid: number): Memory {
  return parseRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

export function parseRollup(text: string): Memory {
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? NaN) * 1024;
  const priv = bytes('Private_Clean') + bytes('Private_Dirty');
  return { pss: bytes('Pss'), private: priv, shared: bytes('Rss') - priv };
}

const TICKS_PER_S = 100;

/** CPU seconds used so far by a process, what it started, and what it started that has ended and was waited for. */
export const cpuSecondsOf = (pid: number): number => sumBelow(pid, ({ ticks }) => ticks) / TICKS_PER_S;

/** A process and all that it started. */
export const processesOf = (pid: number): number => sumBelow(pid, () => 1);

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function sumBelow(pid: number, what: (stat: Stat) => number): number {
  const processes = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? statOf(Number(entry)) : []));
  const sum = (of: number): number =>
    processes.reduce((total, stat) => {
      if (stat.pid === of) return total + what(stat);
      return stat.parent === of ? total + sum(stat.pid) : total;
    }, 0);
  return sum(pid);
}

function statOf(pid: number): Stat[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return [{ pid, parent: fields[1] ?? 0, ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) }];
  } catch {
    return []; // ended between listing and reading
  }
}

/** CPU seconds of processes by their names, and of this one as `client`: alone, for the others may be its children. */
export function cpuByProcess(pids: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const { user, system } = process.cpuUsage();
  const others = Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)]);
  return { ...(Object.fromEntries(others) as Record<string, number>), client: (user + system) / 1e6 };
}
