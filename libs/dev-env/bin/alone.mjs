import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { processIdentity } from './identity.mjs';

let claims = 0;

/**
 * Runs `work` while nobody else works under the same lock, waiting for whoever does; `onWait` is told once whose file
 * is in the way.
 *
 * Everybody has a file of their own, named by the process and its start: `LOCK.PID.START.N`. First it is put there, then
 * others are looked for: of two that come at once at least one sees the other and takes its own file back. The file of
 * a process that is gone, or whose pid is another's now, is removed by whoever finds it; that of a living one is never
 * touched, so a lock cannot be taken over twice.
 */
export async function alone(lock, onWait, work) {
  mkdirSync(dirname(lock), { recursive: true });
  const own = `${lock}.${process.pid}.${startOf(process.pid)}.${(claims += 1)}`;
  let told = false;
  for (let other = claim(lock, own); other; other = claim(lock, own)) {
    if (!told) onWait(other);
    told = true;
    await new Promise((later) => setTimeout(later, 100 + Math.random() * 300));
  }
  try {
    return await work();
  } finally {
    rmSync(own, { force: true });
  }
}

/** @returns the file of somebody else, in which case there is none of our own */
function claim(lock, own) {
  const before = othersFile(lock, own);
  if (before) return before;
  writeFileSync(own, '');
  const meanwhile = othersFile(lock, own);
  if (meanwhile) rmSync(own, { force: true });
  return meanwhile;
}

function othersFile(lock, own) {
  const prefix = `${basename(lock)}.`;
  const names = readdirSync(dirname(lock)).filter((name) => name.startsWith(prefix));
  return names
    .map((name) => join(dirname(lock), name))
    .find((file) => {
      if (file === own) return false;
      const [pid, start] = basename(file).slice(prefix.length).split('.');
      const lives = startOf(Number(pid)) === start;
      if (!lives) rmSync(file, { force: true });
      return lives;
    });
}

/** When the process started, short enough for a file name; undefined when there is no such process. */
function startOf(pid) {
  const identity = processIdentity(pid);
  return identity && createHash('sha256').update(identity).digest('hex').slice(0, 12);
}
