import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const YOUNG_MS = 2_000;

/**
 * Runs `work` while holding the lock file, waiting for whoever holds it. A lock whose holder died is taken over.
 * `onWait` is told once that there is somebody to wait for.
 */
export async function alone(lock, onWait, work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !take(lock); told = true) {
    if (!told) onWait();
    await new Promise((later) => setTimeout(later, 300));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const young = Date.now() - statSync(lock).mtimeMs < YOUNG_MS; // perhaps not written to yet
    if (!young && !lives(Number(readFileSync(lock, 'utf8')))) rmSync(lock, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return false;
}

function lives(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
