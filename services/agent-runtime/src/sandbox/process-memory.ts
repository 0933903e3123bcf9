import { readdir, readFile } from 'node:fs/promises';

/**
 * Bytes of private memory (resident and anonymous) that a process and all its descendants hold, as `/proc` tells.
 *
 * Descendants of the first process of a pid namespace are all processes in it: orphans become its children. What ends
 * while it is being read counts for nothing.
 */
export async function privateBytesBelow(root: number): Promise<number> {
  const parents = new Map<number, number>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    const parent = /\) \S (\d+)/.exec(stat.slice(stat.lastIndexOf(')')))?.[1];
    if (parent) parents.set(pid, Number(parent));
  }
  let bytes = 0;
  for (const pid of pids) {
    if (!descendsFrom(pid, root, parents)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
    bytes += 1024 * Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  }
  return bytes;
}

function descendsFrom(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
  return false;
}
